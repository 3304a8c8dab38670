import { guardedLookup } from '../io/address-guard.ts';
import type { Clock } from '../io/clock.ts';
import { type BodyWriter, type Http, type HttpResponse, readBody } from '../io/http.ts';
import type { Log } from '../io/log.ts';
import { retryTransient } from '../io/retry-transient.ts';
import { DeployError } from '../model/errors.ts';
import type { Keychain, RegistryCredentials, RegistryTraits } from '../model/keychain.ts';
import { type Authorization, type Authorizer, openAuthorizer, type RefusedAuthorization } from './authorizer.ts';
import { findTraits } from './known-registries.ts';
import type { Access } from './logins.ts';
import { ensureSafeUrl, registryUrl } from './registry-address.ts';
import { RegistryError, readRefusal } from './registry-error.ts';
import { REGISTRY_RETRIES } from './registry-retries.ts';
import { pullScopes, type Repository } from './repository.ts';
import { openRequestGate, type RequestGate } from './request-gate.ts';

export interface RegistryClientOptions {
  readonly http: Http;
  readonly clock: Clock;
  readonly log: Log;
  /** In the order in which their logins are tried. */
  readonly keychains: readonly Keychain[];
  readonly signal: AbortSignal;
}

export interface RegistryCall {
  /** Completes "could not …": `push manifest v1 to ghcr.io/acme/agent`. */
  readonly what: string;
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT';
  readonly registry: string;
  /** Below `/v2/`, or a full URL that the registry named. */
  readonly target: string | URL;
  /** The one for pushing first: some registries read the first only. */
  readonly scopes: readonly string[];
  /** Statuses that are an answer; any other is an error. */
  readonly expect: readonly number[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | BodyWriter;
  /** How long it may take, as far as can be said: its token has to last so long. */
  readonly lastsMs?: number;
  /** True: it is a part of another call, which waits for it. */
  readonly isWithin?: boolean;
  /** Longest silence, in milliseconds; default 60 s. */
  readonly timeoutMs?: number;
  /** Beside the client's own. */
  readonly signal?: AbortSignal;
}

export interface StoredManifest {
  readonly bytes: Buffer;
  readonly contentType: string;
}

/** Talks to registries: authorization, redirects, retries, errors. */
export interface RegistryClient {
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** By `repository@digest`, what was read when a name was resolved: it is read once, as some registries count pulls. */
  readonly resolved: Map<string, StoredManifest>;
  /** Of the login that may read it; null: there is none. */
  credentials(repository: Repository): Promise<RegistryCredentials | null>;
  /** Aborted with the client's own or this one: one for all who ask with the same. */
  until(signal: AbortSignal): AbortSignal;
  /** So many requests to it come next: their connections are opened already. It only helps. */
  prepare(registry: string, requests: number): void;
  /** null: nothing is known of it. */
  traits(registry: string): RegistryTraits | null;
  /**
   * `read` has to read the response's body to its end or hand it on; `url` is what the request was sent to. Everything
   * is done again when it fails for a reason that may pass, except with a body that is written: that can be sent once.
   * @throws RegistryError for a status that was not expected; DeployError NETWORK; the signal's reason.
   */
  call<T>(call: RegistryCall, read: (response: HttpResponse, url: URL) => Promise<T>): Promise<T>;
}

const MAX_REDIRECTS = 5;
const MOST_EARLY = 32;
const REDIRECTS = [301, 302, 303, 307, 308];

export function openRegistryClient(options: RegistryClientOptions): RegistryClient {
  const authorizer = openAuthorizer(options);
  const gates = new Map<string, RequestGate>();
  const gateOf = (registry: string): RequestGate => {
    const gate = gates.get(registry) ?? openRequestGate(options.clock);
    gates.set(registry, gate);
    return gate;
  };
  // Making one takes as long as a good part of a request, and a copy makes hundreds of requests.
  const joined = new WeakMap<AbortSignal, AbortSignal>([[options.signal, options.signal]]);
  const until = (signal: AbortSignal): AbortSignal => {
    const both = joined.get(signal) ?? AbortSignal.any([options.signal, signal]);
    joined.set(signal, both).set(both, both);
    return both;
  };
  return {
    clock: options.clock,
    log: options.log,
    signal: options.signal,
    resolved: new Map(),
    credentials: (at) => authorizer.credentials({ registry: at.registry, scopes: pullScopes(at), writes: false }),
    until,
    prepare(registry, requests) {
      options.http.openEarly(registryUrl(registry), Math.min(requests, MOST_EARLY));
    },
    traits: (registry) => findTraits(registry, options.keychains),
    async call(call, read) {
      const signal = until(call.signal ?? options.signal);
      const attempt = async () => {
        const send = () => sendAuthorized(call, { ...options, signal, authorizer });
        const gate = gateOf(call.registry);
        const response = await (call.isWithin ? gate.passWithin(send, signal) : gate.pass(send, signal));
        return await read(response, toUrl(call));
      };
      const tries = typeof call.body === 'function' ? 1 : 5;
      return await retryTransient(
        attempt,
        { ...REGISTRY_RETRIES, tries, firstDelayMs: 500 },
        { clock: options.clock, signal },
      );
    },
  };
}

type Sender = RegistryClientOptions & { readonly authorizer: Authorizer };

function toUrl(call: RegistryCall): URL {
  return typeof call.target === 'string' ? new URL(call.target, registryUrl(call.registry)) : call.target;
}

async function sendAuthorized(call: RegistryCall, sender: Sender): Promise<HttpResponse> {
  const { authorizer } = sender;
  const access = accessOf(call);
  // Bounded: each login is sent once, and once more with a fresh token.
  for (let sent = await authorizer.authorize(access, call.lastsMs); ; ) {
    const response = await sendFollowing(call, sent.header, sender);
    const { status, headers } = response;
    const refused = { sent, status, challenge: headers['www-authenticate'] ?? '' };
    const next = [401, 403].includes(status) ? await replaceOrDiscard(authorizer, { access, refused, response }) : null;
    if (next === null || typeof call.body === 'function') {
      return await ensureExpected(call, response, { sent, next, sender });
    }
    await discard(response);
    sent = next;
  }
}

interface RefusedRequest {
  readonly access: Access;
  readonly refused: RefusedAuthorization;
  readonly response: HttpResponse;
}

/** An answer that is neither read nor destroyed keeps its socket, and so the process. */
async function replaceOrDiscard(authorizer: Authorizer, { access, refused, response }: RefusedRequest) {
  try {
    return await authorizer.replace(access, refused);
  } catch (error) {
    await discard(response);
    throw error;
  }
}

function accessOf({ registry, scopes, method }: RegistryCall): Access {
  return { registry, scopes, writes: method === 'POST' || method === 'PUT' };
}

async function ensureExpected(
  call: RegistryCall,
  response: HttpResponse,
  state: { readonly sent: Authorization; readonly next: Authorization | null; readonly sender: Sender },
): Promise<HttpResponse> {
  if (call.expect.includes(response.status)) return response;
  const { sent, next, sender } = state;
  const refusal = await readRefusal(response, sender.clock.now(), sent.header);
  const { what, registry } = call;
  const anonymous = sent.header === null || sent.login === null;
  const access = accessOf(call);
  const traits = findTraits(registry, sender.keychains);
  const tried = [401, 403].includes(refusal.status) ? sender.authorizer.tried(access) : [];
  throw new RegistryError({ what, registry, writes: access.writes, anonymous, traits, tried }, refusal, {
    tokenRenewed: next !== null,
  });
}

/** Authorization goes to the registry's own origin only: a storage host refuses it, and has no right to it. */
async function sendFollowing(call: RegistryCall, authorization: string | null, sender: Sender): Promise<HttpResponse> {
  const own = registryUrl(call.registry).origin;
  let url = toUrl(call);
  for (let hops = 0; ; hops += 1) {
    const isOwn = url.origin === own;
    if (!isOwn) ensureSafeUrl(url, call.registry);
    const response = await sender.http.send({
      method: call.method,
      url,
      headers: {
        'user-agent': 'deploy-agent',
        ...call.headers,
        ...(isOwn && authorization !== null ? { authorization } : {}),
      },
      ...(call.body === undefined ? {} : { body: call.body }),
      timeoutMs: call.timeoutMs ?? 60_000,
      signal: sender.signal,
      ...(isOwn ? {} : { lookup: guardedLookup }),
    });
    const next = findRedirect(call, response, url);
    if (next === null) return response;
    await discard(response);
    if (hops >= MAX_REDIRECTS) throw tooManyRedirects(call);
    url = next;
  }
}

/** Only for reading; a push that is sent elsewhere is an error. */
function findRedirect(call: RegistryCall, response: HttpResponse, from: URL): URL | null {
  const { location } = response.headers;
  if (call.method !== 'GET' && call.method !== 'HEAD') return null;
  if (!REDIRECTS.includes(response.status) || location === undefined || !URL.canParse(location, from.href)) return null;
  return new URL(location, from);
}

function tooManyRedirects(call: RegistryCall): DeployError {
  return new DeployError('REGISTRY_FAILED', `could not ${call.what}: more than ${MAX_REDIRECTS} redirects`, {
    hint: `Check that ${call.registry} is the registry you mean.`,
  });
}

async function discard(response: HttpResponse): Promise<void> {
  await readBody(response, { maxBytes: 65_536, timeoutMs: 10_000 }).catch(() => undefined);
}
