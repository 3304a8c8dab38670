import type { SimulatedResponse } from '../edge/host.ts';
import type { HostileTurn, Row } from './behaviour.ts';
import { answer, CHUNKED, chunk, endless, head, raw, reset, silence, trickle, wire, withHeaders } from './bytes.ts';
import { COLLECTOR } from './collector.ts';
import { HOSTILE_HEADER } from './texts.ts';

/** A way to abuse HTTP itself, whatever the request is about. */
export interface Abuse {
  readonly name: string;
  readonly act: (turn: HostileTurn) => SimulatedResponse | Promise<SimulatedResponse>;
  /** The cause; absent: it is harmless. */
  readonly says?: RegExp;
}

const LENGTH_0 = 'content-length: 0';
const OK = head('200 OK', [LENGTH_0]);

/** The honest answer as bytes, with something before it and more headers in it. */
async function framed(
  { honest }: HostileTurn,
  before: string,
  more: readonly string[] = [],
  after = '',
): Promise<SimulatedResponse> {
  const { status, headers = {}, body = '' } = await honest();
  const bytes = Buffer.from(body as string);
  const own = Object.entries({ ...headers, 'content-length': String(bytes.length), connection: 'close' });
  const lines = [...own.map(([name, value]) => `${name}: ${value}`), ...more];
  return raw(before, head(`${status} Fine`, lines), bytes, after);
}

const refused = /could not reach [\w.-]+: Parse Error|could not read the response/;
const silent = /time was up|no answer within/;

export const abuses: readonly Abuse[] = [
  { name: 'no answer', act: () => silence(), says: silent },
  { name: 'half of a status line, then silence', act: () => silence('HTTP/1.1 20'), says: silent },
  { name: 'headers that trickle', act: () => trickle('HTTP/1.1 200 OK\r\n', 'x-a: b\r\n', 1_000), says: silent },
  { name: 'connection that is closed at once', act: () => raw(), says: /socket hang up|ECONNRESET/ },
  { name: 'connection that is reset at once', act: () => reset(), says: /ECONNRESET|socket hang up/ },
  {
    name: 'connection that is reset within the headers',
    act: () => reset('HTTP/1.1 200 OK\r\nx: '),
    says: /ECONNRESET|socket hang up/,
  },
  { name: 'interim answers without end', act: () => endless('', head('103 Early Hints')), says: silent },
  {
    name: 'a thousand interim answers, then the real one',
    act: (turn) => framed(turn, head('100 Continue').repeat(1_000)),
  },
  {
    name: 'early hints of another host',
    act: (turn) => framed(turn, head('103 Early Hints', [`link: <https://${COLLECTOR}/x>; rel=preload`])),
  },
  {
    name: 'switch to a protocol that no one asked for',
    act: () => raw(head('101 Switching Protocols', ['upgrade: websocket', 'connection: upgrade']), 'hello'),
    says: /could not reach|101/,
  },
  {
    name: 'switch of protocols that stays open',
    act: () => silence(head('101 Switching Protocols', ['upgrade: websocket', 'connection: upgrade'])),
    says: /could not reach|101|no answer within|time was up/,
  },
  { name: 'switch to nothing', act: () => raw(head('101 Switching Protocols')), says: /could not reach|101/ },
  {
    name: 'frames of HTTP/2',
    act: () => raw(Buffer.from('000012040000000000000300000064000400100000', 'hex')),
    // A smoke test then tries HTTP/2, which this server refuses in the handshake.
    says: /Parse Error|no application protocol/,
  },
  { name: 'answer of HTTP/0.9', act: () => raw('<html>hello</html>'), says: refused },
  { name: 'answer of HTTP/9.9', act: () => raw('HTTP/9.9 200 OK\r\n\r\n'), says: refused },
  { name: 'status 999', act: () => raw(head('999 What', [LENGTH_0])), says: /999/ },
  { name: 'status 000', act: () => raw(head('000 What', [LENGTH_0])), says: /could not|got 0/ },
  { name: 'status of a thousand digits', act: () => raw(head('2'.repeat(1_000))), says: refused },
  { name: 'header of 100 KB', act: () => raw(head('200 OK', [`x: ${'x'.repeat(100_000)}`])), says: refused },
  {
    name: 'headers without end',
    act: () => endless('HTTP/1.1 200 OK\r\n', `x: ${'y'.repeat(100)}\r\n`),
    says: refused,
  },
  {
    name: '1,500 headers',
    act: (turn) =>
      framed(
        turn,
        '',
        Array.from({ length: 1_500 }, (_, n) => `x-${n}: 1`),
      ),
  },
  { name: 'header without a colon', act: () => raw('HTTP/1.1 200 OK\r\nhello\r\n\r\n'), says: refused },
  {
    name: 'header that goes on in the next line',
    act: () => raw(head('200 OK', ['x: a', ' b', LENGTH_0])),
    says: /could not|got/,
  },
  {
    name: 'control characters in a header',
    act: () => raw(head('200 OK', ['x: \u0000\u001b[2J', LENGTH_0])),
    says: refused,
  },
  {
    name: 'space before the colon of a length',
    act: () => raw(head('200 OK', ['content-length : 5']), 'hello'),
    says: refused,
  },
  { name: 'two lengths', act: () => raw(head('200 OK', [LENGTH_0, 'content-length: 5']), 'hello'), says: refused },
  {
    name: 'length and chunks',
    act: () => raw(head('200 OK', [CHUNKED, 'content-length: 5']), chunk('hello')),
    says: refused,
  },
  { name: 'negative length', act: () => raw(head('200 OK', ['content-length: -5']), 'hello'), says: refused },
  { name: 'length of 2^70', act: () => raw(head('200 OK', [`content-length: ${2n ** 70n}`]), 'hello'), says: refused },
  {
    name: 'chunk of 2^70 bytes',
    act: () => raw(head('200 OK', [CHUNKED]), 'fffffffffffffffff\r\nhello'),
    says: refused,
  },
  { name: 'chunk that is no number', act: () => raw(head('200 OK', [CHUNKED]), '0x5\r\nhello\r\n'), says: refused },
  {
    name: 'extension of a chunk without end',
    act: () => endless(`${head('200 OK', [CHUNKED])}5;`, 'x=y;'),
    says: refused,
  },
  {
    name: 'trailers without end',
    act: () =>
      endless(
        Buffer.concat([Buffer.from(head('200 OK', [CHUNKED])), chunk('hello'), Buffer.from('0\r\n')]),
        `x: ${'y'.repeat(100)}\r\n`,
      ),
    says: refused,
  },
  {
    name: 'unknown transfer coding',
    act: () => raw(head('200 OK', ['transfer-encoding: gzip']), 'hello'),
    says: /could not|got|closed/,
  },
  {
    name: 'second answer behind the first',
    act: (turn) => framed(turn, '', [], `${head('200 OK', ['content-length: 6', `x: ${HOSTILE_HEADER}`])}second`),
  },
  {
    name: 'two answers to one request, the first empty',
    act: () => raw(OK, head('200 OK', ['content-length: 6']), 'second'),
    says: /could not|got|empty/,
  },
  {
    name: 'answer that ends with the connection, which stays open',
    act: () => silence(`${head('200 OK')}{"a":`),
    says: /time was up|took longer than|did not end within|no answer within/,
  },
  {
    name: 'headers for browsers',
    act: async ({ honest }) =>
      withHeaders(await honest(), {
        refresh: `0; url=https://${COLLECTOR}/`,
        'alt-svc': `h3="${COLLECTOR}:443"; ma=99999, h2="169.254.169.254:80"`,
        link: `<https://${COLLECTOR}/x>; rel=preload`,
        'set-cookie': 'a=b; Domain=.amazonaws.com',
        'content-location': `https://${COLLECTOR}/`,
        'clear-site-data': '"*"',
        nel: '{"report_to":"x"}',
        'report-to': `{"group":"x","endpoints":[{"url":"https://${COLLECTOR}/"}]}`,
      }),
  },
  {
    name: 'error with a body without end',
    act: () => endless(head('400 Bad', [CHUNKED]), chunk('x'.repeat(4_000))),
    says: /400/,
  },
  {
    name: 'error whose body never comes',
    act: () => silence(head('403 Forbidden', ['content-length: 100'])),
    says: /403|time was up|took longer/,
  },
  {
    name: 'redirect without an end of its body',
    act: () => endless(head('307 Over There', [`location: https://${COLLECTOR}/`, CHUNKED]), chunk('x'.repeat(4_000))),
    says: /could not|another origin/,
  },
  {
    name: 'reason of commands and colors',
    act: () =>
      wire(async ({ write }) => write(`HTTP/1.1 400 ${HOSTILE_HEADER}\r\n${LENGTH_0}\r\nconnection: close\r\n\r\n`)),
    says: /400/,
  },
  {
    name: 'early end of an answer that was announced',
    act: () => raw(head('400 Bad', ['content-length: 100']), 'x'),
    says: /400|could not read/,
  },
  {
    name: 'unavailable, and to be asked again in the year 9999',
    act: () => answer(503, '', { 'retry-after': 'Fri, 31 Dec 9999 23:59:59 GMT' }),
    says: /503/,
  },
];

/** Each of them for these requests. `asks`: what a smoke test expects besides, so that no empty answer is good enough. */
export function rowsOfAbuses(on: RegExp, ends: 'refused' | 'rolled-back', asks: Row['asks'] = {}): readonly Row[] {
  return abuses.map(({ name, act, says }) => ({
    ...{ name, on, act },
    ...(says ? { ends, says, asks } : { ends: 'deployed' as const }),
  }));
}
