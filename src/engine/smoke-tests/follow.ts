import { DeployError } from '../../model/errors.ts';
import { closedDoor, isLogin } from './closed-door.ts';

/** One request of a chain of redirects. */
export interface Hop {
  readonly method: string;
  readonly url: URL;
  /** Are custom headers and the body still sent? Never again once the chain has left the origin. */
  readonly isTrusted: boolean;
  readonly hasBody: boolean;
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

export function isRedirect(status: number, location: string | undefined): location is string {
  return REDIRECTS.has(status) && location !== undefined;
}

/**
 * The request that a redirect asks for.
 * @throws DeployError SMOKE_TEST_FAILED when it is not followed: off the origin, to http, or with the body to somewhere else;
 * UNSUPPORTED when it asks for a login
 */
export function planNextHop(
  hop: Hop,
  answer: { readonly status: number; readonly location: string },
  followAnywhere: boolean,
): Hop {
  const url = URL.parse(answer.location, hop.url.href);
  if (!url || !/^https?:$/.test(url.protocol)) throw notFollowed('to no http or https URL');
  if (url.username !== '' || url.password !== '') throw notFollowed('to a URL with credentials');
  if (hop.url.protocol === 'https:' && url.protocol === 'http:') throw notFollowed(`from https to http (${url.host})`);
  const staysHome = isSameOrigin(hop.url, url);
  if (isLogin(url, !staysHome)) throw closedDoor(`it redirects to ${url.origin}`);
  if (!staysHome && !followAnywhere) {
    throw notFollowed(`to another origin (${url.origin})`, 'Set `cross-origin-redirects: true` if that is right.');
  }
  const becomesGet = answer.status === 303 ? hop.method !== 'HEAD' : answer.status <= 302 && hop.method === 'POST';
  const method = becomesGet ? 'GET' : hop.method;
  const hasBody = hop.hasBody && !becomesGet;
  if (hasBody && !staysHome) throw notFollowed(`with the body to another origin (${url.origin})`);
  return { method, url, hasBody, isTrusted: hop.isTrusted && staysHome };
}

/** The same origin, or its upgrade from http to https, each on its default port. */
function isSameOrigin(from: URL, to: URL): boolean {
  if (from.origin === to.origin) return true;
  const isUpgrade = from.protocol === 'http:' && to.protocol === 'https:';
  return isUpgrade && from.hostname === to.hostname && from.port === '' && to.port === '';
}

function notFollowed(where: string, hint?: string): DeployError {
  return new DeployError('SMOKE_TEST_FAILED', `a redirect ${where} is not followed`, hint ? { hint } : {});
}
