import { gzipSync } from 'node:zlib';
import { groupOf } from './behaviour.ts';
import { answer, CHUNKED, chunk, endless, head, json, raw, redirect, silence, trickle, withHeaders } from './bytes.ts';
import { COLLECTOR } from './collector.ts';
import { onceLoggedIn, replaceBody } from './forge.ts';
import { HOSTILE_HEADER, HOSTILE_LINE, HOSTILE_TEXT } from './texts.ts';

/** The registry that these programs stand in for, and from which an image is copied. */
export const REGISTRY = 'registry.acme.dev';

const PING = /^registry:GET ping$/;
const MANIFEST = /^registry:GET manifest$/;
const BLOB = /^registry:GET blob$/;
const TOKEN = /^registry:GET token$/;
const OWN = `Bearer realm="https://${REGISTRY}/token",service="${REGISTRY}"`;

const challenge = (header: string) => answer(401, '', { 'www-authenticate': header });
const bearer = (realm: string) => challenge(`Bearer realm="${realm}",service="x"`);

export const challenges = groupOf('challenges', [
  {
    name: 'realm on a private address',
    on: PING,
    act: () => bearer('https://10.0.0.5/token'),
    ends: 'refused',
    says: /10\.0\.0\.5 is a private address/,
  },
  {
    name: 'realm of a metadata service',
    on: PING,
    act: () => bearer('https://169.254.169.254/latest/token'),
    ends: 'refused',
    says: /169\.254\.169\.254: it is a link-local address/,
  },
  {
    name: 'realm of a metadata service over IPv6',
    on: PING,
    act: () => bearer('https://[fd00:ec2::254]/token'),
    ends: 'refused',
    says: /it is a link-local address/,
  },
  {
    name: 'realm of a metadata service by name',
    on: PING,
    act: () => bearer('https://metadata.google.internal/token'),
    ends: 'refused',
    says: /it is a link-local address or a metadata service/,
  },
  {
    name: 'realm over http',
    on: PING,
    act: () => bearer(`http://${REGISTRY}/token`),
    ends: 'refused',
    says: /it is not https/,
  },
  {
    name: 'realm on this machine',
    on: PING,
    act: ({ trap }) => bearer(`${trap.replace('http:', 'https:')}/token`),
    ends: 'refused',
    says: /it is this machine/,
  },
  {
    name: 'realm with a user and a password',
    on: PING,
    act: () => bearer(`https://user:pw@${REGISTRY}/token`),
    ends: 'refused',
    says: /it has credentials in it/,
  },
  {
    name: 'realm that is a path',
    on: PING,
    act: () => bearer('/token'),
    ends: 'refused',
    says: /its token realm is not a URL/,
  },
  {
    name: 'realm that is a file',
    on: PING,
    act: () => bearer('file:///proc/self/environ'),
    ends: 'refused',
    says: /it is not https/,
  },
  { name: 'no realm', on: PING, act: () => challenge('Bearer'), ends: 'refused', says: /its token realm is not a URL/ },
  {
    name: 'two realms in one challenge',
    on: PING,
    act: () => challenge(`${OWN},realm="https://10.0.0.5/token"`),
    ends: 'refused',
    says: /is a private address/,
  },
  {
    name: 'realm that hides in a quoted text',
    on: PING,
    act: () => challenge(`Bearer service="\\",realm=\\"https://10.0.0.5/token",realm="https://${REGISTRY}/token"`),
    ends: 'deployed',
  },
  {
    name: 'realm with a host of 5,000 characters',
    on: PING,
    act: () => bearer(`https://user@${'a.'.repeat(2_500)}example/`),
    ends: 'refused',
    says: /it has credentials in it/,
  },
  {
    name: 'another realm than at first',
    on: MANIFEST,
    act: (turn) => onceLoggedIn(turn, () => bearer(`https://${COLLECTOR}/token`)),
    ends: 'refused',
    says: /its token service changed from https:\/\/registry\.acme\.dev to https:\/\/collector\.example/,
  },
  {
    name: '300 challenges',
    on: PING,
    act: () => challenge(`${'Negotiate, '.repeat(300)}${OWN}`),
    ends: 'deployed',
  },
  {
    name: 'challenge in a header of 60 KB',
    on: PING,
    act: () => challenge(`${OWN},x="${'x'.repeat(60_000)}"`),
    ends: 'deployed',
  },
  {
    name: 'challenges of unknown kinds only',
    on: PING,
    act: () => challenge('Digest realm="x", nonce="y", Negotiate, NTLM'),
    ends: 'deployed',
  },
  {
    name: 'challenge for scopes that were not asked for',
    on: MANIFEST,
    nth: 1,
    act: () => challenge(`${OWN},scope="repository:acme/other:pull,push,delete registry:catalog:*"`),
    ends: 'deployed',
  },
  {
    name: 'service that would end the query',
    on: PING,
    act: () => challenge(`Bearer realm="https://${REGISTRY}/token",service="x&scope=registry:catalog:*#"`),
    ends: 'deployed',
  },
  {
    name: 'login refused again and again, each time with a challenge',
    on: MANIFEST,
    act: () => challenge(OWN),
    ends: 'refused',
    says: /401/,
  },
  { name: '401 without a challenge', on: MANIFEST, act: () => answer(401, HOSTILE_TEXT), ends: 'refused', says: /401/ },
  {
    name: 'Proxy-Authenticate in place of a challenge',
    on: MANIFEST,
    act: () => answer(407, '', { 'proxy-authenticate': 'Basic realm="proxy"' }),
    ends: 'refused',
    says: /407/,
  },
  {
    name: 'Basic where tokens are usual',
    on: PING,
    act: () => challenge('Basic realm="x"'),
    ends: 'deployed',
  },
  {
    name: 'challenge of the host that a manifest is redirected to',
    on: MANIFEST,
    act: (turn) => onceLoggedIn(turn, () => redirect(`https://${COLLECTOR}/challenge`)),
    ends: 'refused',
    says: /collector\.example, which registry\.acme\.dev points to, asks for a login/,
  },
  {
    name: 'challenge of the host that a blob is redirected to',
    on: BLOB,
    act: () => redirect(`https://${COLLECTOR}/challenge`),
    ends: 'refused',
    says: /collector\.example, which registry\.acme\.dev points to, asks for a login/,
  },
  {
    name: 'control characters in a challenge',
    on: PING,
    act: () => raw(head('401 Unauthorized', [`www-authenticate: Bearer realm="https://${REGISTRY}/\u0001token"`])),
    ends: 'refused',
    says: /could not reach registry\.acme\.dev/,
  },
]);

const notJson = /could not log in to registry\.acme\.dev: its token service sent no token/;

export const tokens = groupOf('tokens', [
  {
    name: 'endless token',
    on: TOKEN,
    act: () => endless(head('200 OK', [CHUNKED]), chunk(`{"token":"${'x'.repeat(1_000)}`)),
    ends: 'refused',
    says: /longer than 262144 bytes/,
  },
  {
    name: 'token that trickles',
    on: TOKEN,
    act: () => trickle(head('200 OK', [CHUNKED]), chunk(' '), 2_000),
    ends: 'refused',
    says: /time was up|took longer than/,
  },
  {
    name: 'token service that is silent',
    on: TOKEN,
    act: () => silence(),
    ends: 'refused',
    says: /time was up|no answer/,
  },
  {
    name: 'web page in place of a token',
    on: TOKEN,
    act: () => answer(200, `<html>${HOSTILE_TEXT}</html>`, { 'content-type': 'text/html' }),
    ends: 'refused',
    says: notJson,
  },
  { name: 'empty answer in place of a token', on: TOKEN, act: () => answer(200), ends: 'refused', says: notJson },
  { name: 'null in place of a token', on: TOKEN, act: () => json(200, null), ends: 'refused', says: notJson },
  { name: 'token that is a list', on: TOKEN, act: () => json(200, { token: ['x'] }), ends: 'refused', says: notJson },
  {
    name: 'token with a line break and a header',
    on: TOKEN,
    act: () => json(200, { token: 'x\r\nx-injected: 1' }),
    ends: 'refused',
    says: notJson,
  },
  {
    name: 'token in the prototype of the document',
    on: TOKEN,
    act: () => answer(200, '{"__proto__":{"token":"x"},"constructor":{"prototype":{"token":"x"}}}'),
    ends: 'refused',
    says: notJson,
  },
  {
    name: 'token of 200 KB',
    on: TOKEN,
    act: () => json(200, { token: 'x'.repeat(200_000) }),
    ends: 'refused',
    says: /could not read registry\.acme\.dev/,
  },
  {
    name: 'packed token that is a bomb',
    on: TOKEN,
    act: () => answer(200, gzipSync(Buffer.alloc(50_000_000)), { 'content-encoding': 'gzip' }),
    ends: 'refused',
    says: notJson,
  },
  {
    name: 'token with another content type',
    on: TOKEN,
    act: async ({ honest }) => withHeaders(await honest(), { 'content-type': 'image/png' }),
    ends: 'deployed',
  },
  {
    name: 'lifetime of 1e308 s',
    on: TOKEN,
    act: (turn) => replaceBody(turn, (body) => String(body).replace(/"expires_in":\d+/, '"expires_in":1e308')),
    ends: 'deployed',
  },
  {
    name: 'lifetime of a nanosecond',
    on: TOKEN,
    act: (turn) => replaceBody(turn, (body) => String(body).replace(/"expires_in":\d+/, '"expires_in":1e-9')),
    ends: 'deployed',
  },
  {
    name: 'token service that redirects to another host',
    on: TOKEN,
    act: () => redirect(`https://${COLLECTOR}/token`),
    ends: 'refused',
    says: /could not log in to registry\.acme\.dev: 307/,
  },
  {
    name: 'token service that redirects to a metadata service',
    on: TOKEN,
    act: () => redirect('http://169.254.169.254/latest/token'),
    ends: 'refused',
    says: /could not log in to registry\.acme\.dev: 307/,
  },
  {
    name: 'refusal that repeats the login, with commands of the runner',
    on: TOKEN,
    act: ({ request }) => {
      const sent = request.headers['authorization'] ?? '';
      const decoded = Buffer.from(sent.replace(/^Basic /, ''), 'base64').toString();
      const forms = [sent, decoded, encodeURIComponent(decoded), Buffer.from(decoded).toString('hex')];
      return json(401, { errors: [{ code: 'DENIED', message: `${forms.join(' ')}\n${HOSTILE_TEXT}` }] });
    },
    ends: 'refused',
    says: /could not log in to registry\.acme\.dev: 401/,
  },
  {
    name: 'refusal with a code of commands',
    on: TOKEN,
    act: () => json(403, { errors: [{ code: HOSTILE_TEXT.slice(0, 100), message: HOSTILE_LINE }] }),
    ends: 'refused',
    says: /could not log in to registry\.acme\.dev: 403/,
  },
  {
    name: 'too many requests, until the year 9999',
    on: TOKEN,
    act: () => answer(429, '', { 'retry-after': 'Fri, 31 Dec 9999 23:59:59 GMT' }),
    ends: 'refused',
    says: /429/,
  },
  {
    name: 'too many requests, for 31 years',
    on: TOKEN,
    act: () => answer(429, '', { 'retry-after': '999999999' }),
    ends: 'refused',
    says: /429/,
  },
  {
    name: 'too many requests, for less than no time',
    on: TOKEN,
    act: () => answer(429, '', { 'retry-after': '-1' }),
    ends: 'refused',
    says: /429|time was up/,
  },
  {
    name: 'cookies for other hosts',
    on: TOKEN,
    act: async ({ honest }) =>
      withHeaders(await honest(), { 'set-cookie': `session=${HOSTILE_HEADER.slice(0, 100)}; Domain=amazonaws.com` }),
    ends: 'deployed',
  },
]);
