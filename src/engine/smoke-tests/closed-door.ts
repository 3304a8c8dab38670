import type { IncomingHttpHeaders } from 'node:http';
import { DeployError } from '../../model/errors.ts';

/** A login that stands before the service: what answers says nothing of the new revision, and is never a pass. */
export function closedDoor(how: string): DeployError {
  return new DeployError('UNSUPPORTED', `could not test it: a login answers instead of the service: ${how}`, {
    hint: 'Give the smoke test what opens it (`headers`), or test an address that is not behind the login (`url`, or a runner inside the network).',
  });
}

/** Did the identity proxy itself answer, and not the service? `header`: the one that it adds; undefined: none is known. */
export function isFromLogin(headers: IncomingHttpHeaders, header: string | undefined): boolean {
  return header !== undefined && headers[header] !== undefined;
}

/**
 * Of a response to a protocol that knows no redirects.
 * @throws DeployError UNSUPPORTED where a login answers, or asks for one
 */
export function refuseLogin(
  { status, headers }: { readonly status: number; readonly headers: IncomingHttpHeaders },
  url: URL,
  loginHeader: string | undefined,
): void {
  if (isFromLogin(headers, loginHeader)) throw closedDoor(`status ${status}, with the header ${loginHeader}`);
  const next = status >= 300 && status <= 399 ? URL.parse(headers.location ?? '', url.href) : null;
  if (next && isLogin(next, next.origin !== url.origin)) throw closedDoor(`it redirects to ${next.origin}`);
}

/** As OAuth 2, OpenID Connect and SAML ask for a login. */
const LOGIN_QUERY: readonly (readonly string[])[] = [
  ['client_id', 'redirect_uri'],
  ['client_id', 'response_type'],
  ['SAMLRequest'],
];
/** Of identity proxies, on the service's own host. */
const LOGIN_PATH =
  /^\/(?:\.auth\/login|oauth2\/(?:start|sign_in|authorize)|cdn-cgi\/access\/login|\.pomerium\/|outpost\.goauthentik\.io\/|authelia\/)/i;
const LOGIN_HOST = /^(?:login|accounts?|sso|signin|sign-in|idp|auth)\./i;

/** Does a redirect to there ask for a login? `isElsewhere`: it leaves the origin of the service. */
export function isLogin(url: URL, isElsewhere: boolean): boolean {
  if (LOGIN_PATH.test(url.pathname)) return true;
  if (LOGIN_QUERY.some((names) => names.every((name) => url.searchParams.has(name)))) return true;
  return isElsewhere && LOGIN_HOST.test(url.hostname);
}
