import type { Clock } from '../io/clock.ts';
import type { Http } from '../io/http.ts';
import type { Log } from '../io/log.ts';
import { isIdentityToken, type Keychain, type RegistryCredentials } from '../model/keychain.ts';
import { type AuthScheme, askForScheme, chooseScheme, NO_SCHEME } from './auth-scheme.ts';
import { basicHeader } from './basic-header.ts';
import { findTraits } from './known-registries.ts';
import { type Access, isRefusal, type Login, openLogins, sayTried } from './logins.ts';
import { singleFlight } from './single-flight.ts';
import { fetchToken, type Token } from './token.ts';
import { openTokenRealms } from './token-realm.ts';

export interface AuthorizerOptions {
  readonly http: Http;
  readonly clock: Clock;
  readonly log: Log;
  /** In the order in which their logins are tried. */
  readonly keychains: readonly Keychain[];
  readonly signal: AbortSignal;
}

/** What to send to a registry so that it accepts us. Concurrent callers share one question; none is repeated here. */
export interface Authorizer {
  /** Good for `lastsMs`. @throws DeployError AUTH_FAILED, PERMISSION_DENIED when no login is left */
  authorize(access: Access, lastsMs?: number): Promise<Authorization>;
  /** After a 401 or 403: the same login with a fresh token, else the next login; null: nothing is left to try. */
  replace(access: Access, refused: RefusedAuthorization): Promise<Authorization | null>;
  /** Of the login that `authorize` takes; null: there is none, or none with a password. */
  credentials(access: Access): Promise<RegistryCredentials | null>;
  /** The labels of the logins that were refused for this access. */
  tried(access: Access): readonly string[];
}

export interface Authorization {
  /** Value of the Authorization header; null: none. */
  readonly header: string | null;
  /** null: anonymous, there are no credentials. */
  readonly login: Login | null;
  /** True: the login's first answer was refused already. */
  readonly isRenewed: boolean;
}

export interface RefusedAuthorization {
  readonly sent: Authorization;
  readonly status: number;
  /** The WWW-Authenticate header of the registry itself, never of a host that it points to. */
  readonly challenge: string;
}

export function openAuthorizer(options: AuthorizerOptions): Authorizer {
  const logins = openLogins(options);
  const schemes = new Map<string, Promise<AuthScheme>>();
  const realms = openTokenRealms(options.keychains);
  const headers = openHeaders(options);

  /** Each turn refuses one login, so there are at most as many as keychains. */
  const tryInTurn = async (access: Access, first: Login | null, wanted: Wanted): Promise<Authorization> => {
    for (let login = first; ; ) {
      try {
        return { header: await headers.make(access, login, wanted), login, isRenewed: false };
      } catch (error) {
        if (login === null || !isRefusal(error)) throw error;
        logins.refuse(access, login);
        login = await logins.findOther(access);
        if (login === null) throw sayTried(error, logins.tried(access));
      }
    }
  };

  const renew = async (access: Access, { sent, challenge }: RefusedAuthorization): Promise<Authorization | null> => {
    const { registry } = access;
    const scheme = chooseScheme(challenge, registry, realms);
    if (scheme.kind === 'none') return null;
    if (sent.login) logins.forget(registry, sent.login);
    // The scope that a challenge asks for belongs to this request only.
    schemes.set(registry, Promise.resolve(scheme.kind === 'bearer' ? { ...scheme, scopes: [] } : scheme));
    await headers.forget(access, sent);
    const next = await tryInTurn(access, await logins.find(access), { scheme });
    if (next.header === sent.header) return null;
    return { ...next, isRenewed: next.login?.nth === sent.login?.nth };
  };

  return {
    async authorize(access, lastsMs = 0) {
      const login = await logins.find(access);
      // Without a login the request goes as it is: the refusal says how to log in, and most often there is none.
      const ask = async () => (login ? await askForScheme(access.registry, { ...options, realms }) : NO_SCHEME);
      return await tryInTurn(access, login, { lastsMs, scheme: await singleFlight(schemes, access.registry, ask) });
    },
    async replace(access, refused) {
      const { sent, status } = refused;
      const renewed = status === 401 && !sent.isRenewed ? await renew(access, refused) : null;
      if (renewed || sent.login === null || sent.header === null) return renewed;
      logins.refuse(access, sent.login);
      const other = await logins.findOther(access);
      return other && (await tryInTurn(access, other, { scheme: (await schemes.get(access.registry)) ?? NO_SCHEME }));
    },
    async credentials(access) {
      const { credentials = null } = (await logins.find(access)) ?? {};
      return credentials && isIdentityToken(credentials) ? null : credentials;
    },
    tried: logins.tried,
  };
}

interface Wanted {
  readonly scheme: AuthScheme;
  readonly lastsMs?: number;
}

/** Authorization headers, with the tokens that were fetched for them. */
function openHeaders(options: AuthorizerOptions) {
  const tokens = new Map<string, Promise<Token>>();
  return {
    async make(access: Access, login: Login | null, { scheme, lastsMs = 0 }: Wanted): Promise<string | null> {
      if (scheme.kind === 'none') return null;
      const credentials = login?.credentials ?? null;
      if (scheme.kind === 'basic')
        return credentials && !isIdentityToken(credentials) ? basicHeader(credentials) : null;
      const key = tokenKey(access, login);
      const scopes = [...access.scopes, ...scheme.scopes];
      const fetch = () => askForToken({ ...scheme, registry: access.registry, scopes, credentials }, options);
      const pending = singleFlight(tokens, key, fetch);
      const { header, staleAt, lifetimeMs } = await pending;
      // No token lasts longer than its lifetime: asking for more would fetch one for every request.
      if (options.clock.now() + Math.min(lastsMs, lifetimeMs / 2) < staleAt) return header;
      if (tokens.get(key) === pending) tokens.delete(key);
      return (await singleFlight(tokens, key, fetch)).header;
    },
    /** Of a token that was replaced meanwhile, the new one stays. */
    async forget(access: Access, { header, login }: Authorization): Promise<void> {
      const key = tokenKey(access, login);
      const held = tokens.get(key);
      if (held && (await held).header === header && tokens.get(key) === held) tokens.delete(key);
    },
  };
}

function tokenKey({ registry, scopes }: Access, login: Login | null): string {
  return [registry, login?.nth ?? 'anonymous', ...scopes].join(' ');
}

async function askForToken(request: Parameters<typeof fetchToken>[0], options: AuthorizerOptions): Promise<Token> {
  const traits = findTraits(request.registry, options.keychains);
  const unique = { ...request, traits, scopes: [...new Set(request.scopes)] };
  const token = await fetchToken(unique, options);
  options.log.mask(token.secret);
  return token;
}
