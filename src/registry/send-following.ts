import { guardedLookup } from '../io/address-guard.ts';
import { type Http, type HttpResponse, readBody } from '../io/http.ts';
import { DeployError } from '../model/errors.ts';
import { PLAIN_HEADERS } from './plain-headers.ts';
import { ensureSafeUrl, registryUrl } from './registry-address.ts';
import type { RegistryCall } from './registry-call.ts';

export interface FollowedAnswer {
  readonly response: HttpResponse;
  /** False: another host sent it, to which the registry pointed. What it asks for is none of the registry's business. */
  readonly isOwn: boolean;
}

const MAX_REDIRECTS = 5;
const REDIRECTS = [301, 302, 303, 307, 308];
/** With the same method and body: RFC 9110 15.4.8. */
const SAME_REQUEST = [307, 308];

/**
 * Authorization goes to the registry's own origin only: a storage host refuses it, and has no right to it.
 * @throws DeployError REGISTRY_FAILED for a way that is not safe, and for another host that wants a login
 */
export async function sendFollowing(
  call: RegistryCall,
  authorization: string | null,
  sender: { readonly http: Http; readonly signal: AbortSignal },
): Promise<FollowedAnswer> {
  const own = registryUrl(call.registry).origin;
  let url = urlOf(call);
  for (let hops = 0; ; hops += 1) {
    const isOwn = url.origin === own;
    if (!isOwn) ensureSafeUrl(url, call.registry);
    const response = await sender.http.send({
      method: call.method,
      url,
      headers: {
        ...PLAIN_HEADERS,
        ...call.headers,
        ...(isOwn && authorization !== null ? { authorization } : {}),
      },
      ...(call.body === undefined ? {} : { body: call.body }),
      timeoutMs: call.timeoutMs ?? 60_000,
      signal: sender.signal,
      ...(isOwn ? {} : { lookup: guardedLookup }),
    });
    const next = findRedirect(call, response, url);
    if (next === null) {
      await ensureNoRedirect(call, response, url);
      return await ensureNoChallenge(call, { response, isOwn }, url);
    }
    await discard(response);
    if (hops >= MAX_REDIRECTS) throw tooManyRedirects(call);
    url = next;
  }
}

export function urlOf(call: RegistryCall): URL {
  return typeof call.target === 'string' ? new URL(call.target, registryUrl(call.registry)) : call.target;
}

/** Reads what is not wanted, so that the connection can be used again. */
export async function discard(response: HttpResponse): Promise<void> {
  await readBody(response, { maxBytes: 65_536, timeoutMs: 10_000 }).catch(() => undefined);
}

/** The realm of such a challenge would get user and password: whoever stands behind it. */
async function ensureNoChallenge(call: RegistryCall, answer: FollowedAnswer, url: URL): Promise<FollowedAnswer> {
  const { response, isOwn } = answer;
  if (isOwn || response.status !== 401) return answer;
  await discard(response);
  const message = `could not ${call.what}: ${url.host}, which ${call.registry} points to, asks for a login`;
  throw new DeployError('REGISTRY_FAILED', message, {
    hint: `Check the storage of ${call.registry}: a login for the registry is never sent to another host.`,
  });
}

/** A push that is sent to another host is an error, and a body that is written can't be sent again. */
function findRedirect(call: RegistryCall, { status, headers: { location } }: HttpResponse, from: URL): URL | null {
  if (!REDIRECTS.includes(status) || location === undefined) return null;
  const next = URL.parse(location, from.href);
  if (call.method === 'GET' || call.method === 'HEAD') return next;
  const isSame = SAME_REQUEST.includes(status) && typeof call.body !== 'function';
  return isSame && next?.origin === from.origin ? next : null;
}

/** Path and query of where it leads may hold a signature. */
async function ensureNoRedirect(call: RegistryCall, response: HttpResponse, from: URL): Promise<void> {
  const { status, headers, body } = response;
  const to = REDIRECTS.includes(status) && headers.location ? URL.parse(headers.location, from.href) : null;
  if (to === null) return;
  // What is still being sent is not wanted.
  if (typeof call.body === 'function') body.destroy();
  else await discard(response);
  throw new DeployError('REGISTRY_FAILED', `could not ${call.what}: ${status}, to ${to.protocol}//${to.host}`, {
    hint: `A push is not followed to another address: name the one that takes pushes, or correct the redirect of ${call.registry}.`,
  });
}

function tooManyRedirects(call: RegistryCall): DeployError {
  return new DeployError('REGISTRY_FAILED', `could not ${call.what}: more than ${MAX_REDIRECTS} redirects`, {
    hint: `Check that ${call.registry} is the registry you mean.`,
  });
}
