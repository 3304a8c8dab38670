import type { Clock } from '../io/clock.ts';
import type { Http, HttpResponse } from '../io/http.ts';
import type { Log } from '../io/log.ts';
import { retryTransient } from '../io/retry-transient.ts';
import type { Digest } from '../model/image.ts';
import type { Keychain, RegistryCredentials, RegistryTraits } from '../model/keychain.ts';
import { type Authorization, type Authorizer, openAuthorizer } from './authorizer.ts';
import { findTraits } from './known-registries.ts';
import type { Access } from './logins.ts';
import { registryUrl } from './registry-address.ts';
import type { RegistryCall } from './registry-call.ts';
import { RegistryError, readRefusal } from './registry-error.ts';
import { deadlineOf, REGISTRY_RETRIES } from './registry-retries.ts';
import { pullScopes, type Repository } from './repository.ts';
import { openRequestGate, type RequestGate } from './request-gate.ts';
import { discard, type FollowedAnswer, sendFollowing, urlOf } from './send-following.ts';

export interface RegistryClientOptions {
  readonly http: Http;
  readonly clock: Clock;
  readonly log: Log;
  /** In the order in which their logins are tried. */
  readonly keychains: readonly Keychain[];
  readonly signal: AbortSignal;
  /** What a registry wants to be waited for beyond it fails at once; milliseconds since 1970. */
  readonly deadline?: number;
}

export interface StoredManifest {
  readonly bytes: Buffer;
  readonly contentType: string;
}

/** What a tag of a destination named, null: nothing, when it was looked up; milliseconds since 1970. */
export interface AnswerAhead {
  readonly digest: Digest | null;
  readonly askedAt: number;
}

/** Talks to registries: authorization, redirects, retries, errors. */
export interface RegistryClient {
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** What a registry wants to be waited for beyond it fails at once; milliseconds since 1970. Absent: there is none. */
  readonly deadline?: number;
  /** By `repository@digest`, what was read when a name was resolved: it is read once, as some registries count pulls. */
  readonly resolved: Map<string, StoredManifest>;
  /** By `repository:tag`, what was looked up while the source was being resolved. */
  readonly ahead: Map<string, AnswerAhead>;
  /** By registry: blobs go there in requests of so many bytes, as it refused a whole one. */
  readonly chunkBytes: Map<string, number>;
  /** Registries that said that they had a blob which then wasn't there: what they mount is looked up. */
  readonly doubted: Set<string>;
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

const MOST_EARLY = 32;
const TRIES = 5;

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
    ...deadlineOf(options),
    resolved: new Map(),
    ahead: new Map(),
    chunkBytes: new Map(),
    doubted: new Set(),
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
        return await read(response, urlOf(call));
      };
      const tries = typeof call.body === 'function' ? 1 : (call.tries ?? TRIES);
      return await retryTransient(
        attempt,
        { ...REGISTRY_RETRIES, tries, firstDelayMs: 500, ...deadlineOf(options) },
        { clock: options.clock, signal },
      );
    },
  };
}

type Sender = RegistryClientOptions & { readonly authorizer: Authorizer };

async function sendAuthorized(call: RegistryCall, sender: Sender): Promise<HttpResponse> {
  const { authorizer } = sender;
  const access = accessOf(call);
  // Bounded: each login is sent once, and once more with a fresh token.
  for (let sent = await authorizer.authorize(access, call.lastsMs); ; ) {
    const answer = await sendFollowing(call, sent.header, sender);
    const next = await findNext(answer, { access, sent }, authorizer);
    const { response } = answer;
    if (next === null || typeof call.body === 'function') {
      return await ensureExpected(call, response, { sent, next, sender });
    }
    await discard(response);
    sent = next;
  }
}

/** null: there is no other authorization to try. */
async function findNext(
  { response, isOwn }: FollowedAnswer,
  { access, sent }: { readonly access: Access; readonly sent: Authorization },
  authorizer: Authorizer,
): Promise<Authorization | null> {
  const { status, headers } = response;
  if (!isOwn || ![401, 403].includes(status)) return null;
  try {
    return await authorizer.replace(access, { sent, status, challenge: headers['www-authenticate'] ?? '' });
  } catch (error) {
    // An answer that is left unread keeps its connection, and with it the process.
    response.body.destroy();
    throw error;
  }
}

function accessOf({ registry, scopes, method }: RegistryCall): Access {
  return { registry, scopes, writes: method !== 'GET' && method !== 'HEAD' };
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
