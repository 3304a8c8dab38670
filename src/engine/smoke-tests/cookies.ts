const MOST_COOKIES = 50;
const SET_COOKIE = /^\s*([\w!#$%&'*+.^`|~-]{1,256})=([^;\p{Cc}]{0,4096})(.*)$/su;

/**
 * Cookies of one origin, for the redirects of one test: sign-in pages set one and expect it in the next request. Their paths
 * are not compared.
 * @param now milliseconds since 1970
 */
export function keepCookies(headers: readonly string[] | undefined, cookies: Map<string, string>, now: number): void {
  for (const header of (headers ?? []).slice(0, MOST_COOKIES)) {
    const [, name, value = '', attributes = ''] = SET_COOKIE.exec(header) ?? [];
    if (name === undefined) continue;
    if (isExpired(attributes, now)) cookies.delete(name);
    else cookies.set(name, value.trim());
  }
}

/** Servers delete a cookie by a time in the past: 1970, or yesterday. RFC 6265 5.3: `Max-Age` comes first. */
function isExpired(attributes: string, now: number): boolean {
  const maxAge = /;\s*max-age\s*=\s*(-?\d+)/i.exec(attributes)?.[1];
  if (maxAge !== undefined) return Number(maxAge) <= 0;
  const expires = /;\s*expires\s*=([^;]*)/i.exec(attributes)?.[1] ?? '';
  return Date.parse(expires) <= now;
}

/** Beside those that the test itself sends; of one name, the newer. */
export function withCookies(
  headers: Readonly<Record<string, string>>,
  cookies: ReadonlyMap<string, string>,
): Readonly<Record<string, string>> {
  if (cookies.size === 0) return headers;
  const name = Object.keys(headers).find((key) => key.toLowerCase() === 'cookie') ?? 'cookie';
  const own = (headers[name] ?? '').split(';').map((pair) => pair.trim());
  const kept = own.filter((pair) => pair !== '' && !cookies.has(pair.split('=')[0]!));
  return { ...headers, [name]: [...kept, ...[...cookies].map(([key, value]) => `${key}=${value}`)].join('; ') };
}
