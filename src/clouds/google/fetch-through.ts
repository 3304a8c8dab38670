import { type HttpRequest, readBody } from '../../io/http.ts';
import type { Io } from '../../io/io.ts';
import { ensureOneOf, parseAnswer } from '../../model/wrong-answer.ts';

const TIMEOUT_MS = 15_000;
const MAX_BYTES = 4 * 1024 * 1024;
/** Without a token in the answer, the auth library sends the request that needs it without one. GitHub's is the first. */
const TOKEN_SERVICE = /^(?:(?:sts|iamcredentials|oauth2)\.googleapis\.com|.+\.actions\.githubusercontent\.com)$/;
const TOKEN_MEMBERS = ['access_token', 'accessToken', 'id_token', 'token', 'value'];

/**
 * A `fetch` for Google's auth library that goes through our own sockets: with the job's proxy, time-outs and a bound on
 * what is read. Its own would load two more packages and has no time-out.
 */
export function fetchThrough(io: Pick<Io, 'http'>): typeof fetch {
  return async (input, init = {}) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const response = await io.http.send({
      method: init.method ?? 'GET',
      url,
      headers: { ...Object.fromEntries(new Headers(init.headers)), 'user-agent': 'deploy-agent' },
      timeoutMs: TIMEOUT_MS,
      ...bodyOf(init.body),
      ...(init.signal ? { signal: init.signal } : {}),
    });
    const body = await readBody(response, { maxBytes: MAX_BYTES, timeoutMs: TIMEOUT_MS });
    if (response.status === 200 && TOKEN_SERVICE.test(url.host)) {
      ensureOneOf(parseAnswer(body.toString('utf8'), url.host), TOKEN_MEMBERS, url.host);
    }
    const headers = Object.entries(response.headers).flatMap(([name, value]): [string, string][] =>
      value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value]],
    );
    // These have no body, and `Response` takes none for them.
    const isEmpty = response.status === 204 || response.status === 304;
    return new Response(isEmpty ? null : new Uint8Array(body), { status: response.status, headers });
  };
}

/** JSON, or a form. */
function bodyOf(body: RequestInit['body']): Pick<HttpRequest, 'body'> {
  return body === undefined || body === null ? {} : { body: String(body) };
}
