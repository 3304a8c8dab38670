import type { Clock } from '../io/clock.ts';
import type { Http } from '../io/http.ts';
import type { Log } from '../io/log.ts';
import { DeployError } from '../model/errors.ts';
import type { Keychain, RegistryCredentials } from '../model/keychain.ts';
import { basicHeader } from './basic-header.ts';
import { parseChallenges } from './challenge.ts';
import { findTraits } from './known-registries.ts';
import { ensureSafeUrl, registryUrl } from './registry-address.ts';
import { RegistryError, readRefusal } from './registry-error.ts';
import { fetchToken, type Token } from './token.ts';

export interface AuthorizerOptions {
  readonly http: Http;
  readonly clock: Clock;
  readonly log: Log;
  readonly keychain: Keychain;
  readonly signal: AbortSignal;
}

/** What to send to a registry so that it lets us. Concurrent callers share one question; none is asked again here. */
export interface Authorizer {
  /** Value of the Authorization header for `repository:<name>:<actions>` scopes, good for `lastsMs`; null: none. */
  authorize(registry: string, scopes: readonly string[], lastsMs?: number): Promise<string | null>;
  /** After a 401: something that may do better than what was sent; null: there is nothing. */
  renew(registry: string, scopes: readonly string[], refused: RefusedAuthorization): Promise<string | null>;
  /** True: nobody gave us credentials for it. */
  isAnonymous(registry: string): Promise<boolean>;
}

export interface RefusedAuthorization {
  readonly sent: string | null;
  /** The WWW-Authenticate header. */
  readonly challenge: string;
}

type Scheme =
  | { readonly kind: 'none' }
  | { readonly kind: 'basic' }
  | {
      readonly kind: 'bearer';
      readonly realm: URL;
      readonly service: string | null;
      readonly scopes: readonly string[];
    };

interface Wanted {
  readonly registry: string;
  readonly scopes: readonly string[];
  readonly lastsMs?: number;
}

const NO_SCHEME: Scheme = { kind: 'none' };

export function openAuthorizer(options: AuthorizerOptions): Authorizer {
  const schemes = new Map<string, Promise<Scheme>>();
  const credentials = new Map<string, Promise<RegistryCredentials | null>>();
  const tokens = new Map<string, Promise<Token>>();

  const resolve = (registry: string) => once(credentials, registry, () => resolveCredentials(registry, options));
  const answer = async (wanted: Wanted, scheme: Scheme): Promise<string | null> => {
    const { registry, scopes, lastsMs = 0 } = wanted;
    if (scheme.kind === 'none') return null;
    const known = await resolve(registry);
    if (scheme.kind === 'basic') return known && basicHeader(known);
    const key = tokenKey(registry, scopes);
    const fetch = () =>
      askForToken({ ...scheme, registry, scopes: [...scopes, ...scheme.scopes], credentials: known }, options);
    const pending = once(tokens, key, fetch);
    const { header, staleAt, lifetimeMs } = await pending;
    // No token lasts longer than its lifetime: asking for more would fetch one for every request.
    if (options.clock.now() + Math.min(lastsMs, lifetimeMs / 2) < staleAt) return header;
    if (tokens.get(key) === pending) tokens.delete(key);
    return (await once(tokens, key, fetch)).header;
  };

  return {
    async authorize(registry, scopes, lastsMs = 0) {
      // Who has nothing to show sends the request as it is: the refusal says how to log in, and most often there is none.
      const ask = async () => ((await resolve(registry)) ? await askForScheme(registry, options) : NO_SCHEME);
      return await answer({ registry, scopes, lastsMs }, await once(schemes, registry, ask));
    },
    async renew(registry, scopes, refused) {
      const scheme = chooseScheme(refused.challenge, registry);
      if (scheme.kind === 'none') return null;
      // A password from a cloud lives for some hours only: its keychain may have a new one by now.
      credentials.delete(registry);
      // The scope that a challenge asks for belongs to this request only.
      schemes.set(registry, Promise.resolve(scheme.kind === 'bearer' ? { ...scheme, scopes: [] } : scheme));
      const key = tokenKey(registry, scopes);
      const held = tokens.get(key);
      if (held && (await held).header === refused.sent && tokens.get(key) === held) tokens.delete(key);
      const next = await answer({ registry, scopes }, scheme);
      return next === refused.sent ? null : next;
    },
    isAnonymous: async (registry) => (await resolve(registry)) === null,
  };
}

/** Single-flight: who asks meanwhile gets the same promise. A failure is not kept. */
function once<T>(cache: Map<string, Promise<T>>, key: string, ask: () => Promise<T>): Promise<T> {
  const held = cache.get(key);
  if (held) return held;
  const pending = ask();
  cache.set(key, pending);
  pending.catch(() => {
    if (cache.get(key) === pending) cache.delete(key);
  });
  return pending;
}

async function resolveCredentials(registry: string, options: AuthorizerOptions): Promise<RegistryCredentials | null> {
  const credentials = await options.keychain.resolve(registry);
  if (credentials) {
    options.log.mask(credentials.password);
    options.log.mask(basicHeader(credentials).slice('Basic '.length));
  }
  return credentials;
}

function tokenKey(registry: string, scopes: readonly string[]): string {
  return [registry, ...scopes].join(' ');
}

async function askForToken(request: Parameters<typeof fetchToken>[0], options: AuthorizerOptions): Promise<Token> {
  const traits = findTraits(request.registry, options.keychain);
  const unique = { ...request, traits, scopes: [...new Set(request.scopes)] };
  const token = await fetchToken(unique, options);
  options.log.mask(token.secret);
  return token;
}

async function askForScheme(registry: string, { http, clock, signal }: AuthorizerOptions): Promise<Scheme> {
  const headers = { 'user-agent': 'deploy-agent' };
  const response = await http.send({ method: 'GET', url: registryUrl(registry), headers, timeoutMs: 30_000, signal });
  const refusal = await readRefusal(response, clock.now());
  if (refusal.status === 401) return chooseScheme(response.headers['www-authenticate'] ?? '', registry);
  const call = { what: `reach ${registry}`, registry, writes: false, anonymous: true };
  const error = new RegistryError(call, refusal);
  // Whatever else it says here, the real request tells more.
  if (error.retryable) throw error;
  return NO_SCHEME;
}

function chooseScheme(header: string, registry: string): Scheme {
  const challenges = parseChallenges(header);
  const bearer = challenges.find(({ scheme }) => scheme === 'bearer')?.parameters;
  if (!bearer) return { kind: challenges.some(({ scheme }) => scheme === 'basic') ? 'basic' : 'none' };
  const realm = parseRealm(bearer.get('realm') ?? '', registry);
  ensureSafeUrl(realm, registry);
  const scopes = (bearer.get('scope') ?? '').split(' ').filter((scope) => scope !== '');
  return { kind: 'bearer', realm, service: bearer.get('service') ?? null, scopes };
}

function parseRealm(realm: string, registry: string): URL {
  if (URL.canParse(realm)) return new URL(realm);
  throw new DeployError('REGISTRY_FAILED', `could not log in to ${registry}: its token realm is not a URL`, {
    hint: `Check that ${registry} is a container registry.`,
  });
}
