import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import type { SimulatedResponse } from '../edge/host.ts';
import { groupOf, type HostileTurn, type Row } from './behaviour.ts';
import { answer, CHUNKED, chunk, endless, head, json, raw, redirect, silence, trickle } from './bytes.ts';
import { COLLECTOR } from './collector.ts';
import { HOSTILE_HEADER, HOSTILE_HTML, HOSTILE_LINE, HOSTILE_MARKDOWN, HOSTILE_TEXT } from './texts.ts';

/** The requests of the smoke test. */
export const PROBE = /^workload:(?:GET|POST) \/probe$/;
const ANYWHERE = { method: 'GET', 'cross-origin-redirects': true };

function leads(name: string, location: string, says: RegExp, more: Partial<Row> = {}): Row {
  return { name: `redirect ${name}`, on: PROBE, act: () => redirect(location), ends: 'rolled-back', says, ...more };
}

const metadata = /a link-local address or a metadata service/;
const elsewhere = /a redirect to another origin \(https:\/\/collector\.example\) is not followed/;
const withBody = /a redirect with the body to another origin \(https:\/\/collector\.example\) is not followed/;

export const redirects = groupOf('redirects', [
  leads('to a metadata service over http', 'http://169.254.169.254/latest', /from https to http/, { asks: ANYWHERE }),
  leads('to a metadata service', 'https://169.254.169.254/latest', metadata, { asks: ANYWHERE }),
  leads('to a metadata service as a number', 'https://0xA9FEA9FE/', metadata, { asks: ANYWHERE }),
  leads('to a metadata service in octal', 'https://0251.0376.0251.0376/', metadata, { asks: ANYWHERE }),
  leads('to a metadata service in IPv6', 'https://[::ffff:a9fe:a9fe]/', metadata, { asks: ANYWHERE }),
  leads('to a metadata service over NAT64', 'https://[64:ff9b::a9fe:a9fe]/', metadata, { asks: ANYWHERE }),
  leads('to a metadata service by name', 'https://METADATA.google.internal./', metadata, { asks: ANYWHERE }),
  leads('to a metadata service of another cloud', 'https://100.100.100.200/', metadata, { asks: ANYWHERE }),
  leads('to a private address, with `deny-private-networks`', 'https://10.0.0.5/', /private network/, {
    asks: ANYWHERE,
    inputs: { 'deny-private-networks': 'true' },
  }),
  leads('to a file', 'file:///proc/self/environ', /to no http or https URL/, { asks: ANYWHERE }),
  leads('to a script', 'javascript:alert(1)', /to no http or https URL/, { asks: ANYWHERE }),
  leads('to no address', 'https://[', /to no http or https URL/, { asks: ANYWHERE }),
  leads('from https to http', 'http://agent.acme.dev/probe', /from https to http/, { asks: ANYWHERE }),
  leads('with a user and a password', `https://user:pw@${COLLECTOR}/`, /with credentials/, { asks: ANYWHERE }),
  leads('to another origin', `https://${COLLECTOR}/`, elsewhere, { asks: { method: 'GET' } }),
  leads('with a body to another origin', `https://${COLLECTOR}/`, elsewhere),
  leads('with a body to another origin that may be followed', `https://${COLLECTOR}/`, withBody, {
    asks: { 'cross-origin-redirects': true },
  }),
  leads('with a file to another origin', `https://${COLLECTOR}/`, withBody, {
    asks: { 'cross-origin-redirects': true, 'body-file': 'payload.json' },
  }),
  leads('to another port of the same host', 'https://agent.acme.dev:8443/probe', /another origin/),
  leads('to a host with a name of 20,000 characters', `https://${'a.'.repeat(10_000)}example/`, /another origin/),
  leads('to a name with bidirectional text', 'https://xn--\u202e.example/\u202e', /could not|not followed/, {
    act: () => redirect('https://%E2%80%AE.example/'),
  }),
  {
    name: 'redirect to another origin, which gets nothing of ours',
    on: PROBE,
    act: () => redirect(`https://${COLLECTOR}/`),
    asks: ANYWHERE,
    ends: 'deployed',
  },
  {
    name: 'redirect to another origin and back again',
    on: PROBE,
    act: ({ request, nth }) =>
      nth === 1
        ? redirect(`https://${COLLECTOR}/back?to=${encodeURIComponent(request.url.origin + request.url.pathname)}`)
        : answer(200, 'fine'),
    asks: ANYWHERE,
    ends: 'deployed',
  },
  {
    name: 'redirect with a body as a GET to another origin',
    on: PROBE,
    act: () => redirect(`https://${COLLECTOR}/`, 303),
    asks: { 'cross-origin-redirects': true },
    ends: 'deployed',
  },
  {
    name: 'redirect in a circle',
    on: PROBE,
    act: ({ request }) => redirect(request.url.pathname),
    ends: 'rolled-back',
    says: /could not follow the redirects: more than 5/,
  },
  {
    name: 'redirect to this machine over http',
    on: PROBE,
    act: ({ trap }) => redirect(`${trap}/`),
    asks: ANYWHERE,
    ends: 'rolled-back',
    says: /from https to http/,
  },
  {
    name: 'redirect to this machine, with `deny-private-networks`',
    on: PROBE,
    act: ({ trap }) => redirect(`${trap.replace('http:', 'https:')}/`),
    asks: ANYWHERE,
    inputs: { 'deny-private-networks': 'true' },
    ends: 'rolled-back',
    says: /private network/,
  },
  {
    name: 'redirect to a login',
    on: PROBE,
    act: () => redirect(`https://login.example/authorize?client_id=a&redirect_uri=b&x=${HOSTILE_HEADER.length}`),
    asks: ANYWHERE,
    ends: 'rolled-back',
    says: /a login answers instead of the service/,
  },
  {
    name: 'cookies for other hosts, before a redirect',
    on: PROBE,
    act: () => ({
      ...answer(307),
      headers: { location: `https://${COLLECTOR}/`, 'set-cookie': `a=b; Domain=.example; Path=/` },
    }),
    asks: ANYWHERE,
    ends: 'deployed',
  },
]);

/** What every test here expects, from the previous revision: its rollback is confirmed. */
export const HEALTHY = json(200, { status: 'ok', note: 'ready' }, { 'x-status': 'ready' });

/** What is wrong with the answer besides: the smoke test fails in any case. */
function failing(name: string, act: Row['act'], says: RegExp, asks: Row['asks'] = {}): Row {
  return { name, on: PROBE, act, asks, ends: 'rolled-back', says };
}

const zeros = Buffer.alloc(50_000_000);
export const MUST_CONTAIN = { contains: 'ready' };
const notThere = /to contain \\?"ready/;
const slow = /did not end within|time was up|no answer within/;
const packed = (coding: string, bytes: Buffer) => () => answer(200, bytes, { 'content-encoding': coding });

export const bodies = groupOf('bodies', [
  failing('endless body', () => endless(head('200 OK', [CHUNKED]), chunk('x'.repeat(4_000))), notThere, MUST_CONTAIN),
  failing('body that trickles', () => trickle(head('200 OK', [CHUNKED]), chunk('x'), 1_000), slow, MUST_CONTAIN),
  failing(
    'endless stream of events',
    () => trickle(head('200 OK', ['content-type: text/event-stream', CHUNKED]), chunk('data: x\n\n'), 1_000),
    notThere,
    MUST_CONTAIN,
  ),
  failing('body that stops in the middle', () => silence(`${head('200 OK', ['content-length: 100'])}half`), slow),
  failing(
    'body that breaks off',
    () => raw(head('200 OK', ['content-length: 100']), 'half'),
    /could not read the response: aborted/,
  ),
  failing('body of 20 MB', () => answer(200, Buffer.alloc(20_000_000, 97)), notThere, MUST_CONTAIN),
  failing('bomb in gzip', packed('gzip', gzipSync(zeros)), notThere, MUST_CONTAIN),
  failing('bomb in deflate', packed('deflate', deflateSync(zeros)), notThere, MUST_CONTAIN),
  failing('bomb in Brotli', packed('br', brotliCompressSync(zeros, { params: {} })), notThere, MUST_CONTAIN),
  failing('bomb in Zstandard', packed('zstd', zstdCompressSync(zeros)), notThere, MUST_CONTAIN),
  failing(
    'bomb in a bomb in a bomb',
    packed('gzip, gzip, gzip', gzipSync(gzipSync(gzipSync(zeros)))),
    notThere,
    MUST_CONTAIN,
  ),
  failing(
    '100 content codings',
    packed(Array(100).fill('gzip').join(', '), gzipSync('x')),
    /could not|to contain/,
    MUST_CONTAIN,
  ),
  failing(
    'packed body without an end and without content',
    () =>
      endless(Buffer.concat([Buffer.from(head('200 OK', ['content-encoding: gzip', CHUNKED]))]), chunk(gzipSync(''))),
    /./,
    MUST_CONTAIN,
  ),
  failing(
    'body that says it is packed and is not',
    packed('gzip', Buffer.from('ready')),
    /could not read the response/,
    MUST_CONTAIN,
  ),
  failing(
    'packed body that breaks off',
    packed('br', brotliCompressSync('x'.repeat(10_000)).subarray(0, 8)),
    /could not read the response/,
    MUST_CONTAIN,
  ),
  failing('unknown content coding', packed('compress', Buffer.from([0x1f, 0x9d, 0x90])), notThere, MUST_CONTAIN),
  failing(
    'charset that does not exist',
    () => answer(200, 'x', { 'content-type': 'text/plain; charset=x-h0st1le' }),
    notThere,
    MUST_CONTAIN,
  ),
  failing(
    'text of UTF-7 and wrong bytes',
    () =>
      answer(200, Buffer.from([0xff, 0xfe, 0x00, 0xd8, 0xed, 0xa0, 0x80]), {
        'content-type': 'text/plain; charset=utf-7',
      }),
    notThere,
    MUST_CONTAIN,
  ),
  failing('JSON that is lists, 400,000 deep', () => answer(200, '['.repeat(400_000) + ']'.repeat(400_000)), /./, {
    json: { status: 'ok' },
  }),
  failing(
    'JSON that is objects, 50,000 deep, where a text is expected',
    () => answer(200, `{"status":${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}}`),
    /./,
    { json: { status: 'ok' } },
  ),
  failing(
    'JSON with the expected member in its prototype',
    () => answer(200, '{"__proto__":{"status":"ok"},"constructor":{"prototype":{"status":"ok"}}}'),
    /it is missing/,
    { json: { status: 'ok' } },
  ),
  failing(
    'JSON with 100,000 members',
    () => json(200, Object.fromEntries(Array.from({ length: 60_000 }, (_, n) => [`k${n}`, n]))),
    /it is missing/,
    { json: { status: 'ok' } },
  ),
  failing('number of 100,000 digits', () => answer(200, `{"status":${'9'.repeat(100_000)}}`), /expected/, {
    json: { status: 'ok' },
  }),
  failing('two values for one member', () => answer(200, '{"status":"ok","status":"no"}'), /expected/, {
    json: { status: 'ok' },
  }),
  failing('text that makes a pattern slow', () => answer(200, 'a'.repeat(40)), /took longer than a second to compare/, {
    matches: 'ready|^(a|a)*b$',
    'retry-for': '0s',
  }),
  failing(
    'text that makes another pattern slow, in a stream',
    () => trickle(head('200 OK', ['content-type: text/event-stream', CHUNKED]), chunk(`${'x'.repeat(30)} `), 12_000),
    /./,
    { matches: 'ready|(x+x+)+y', 'retry-for': '0s' },
  ),
  failing('empty answer', () => answer(200), /empty body/, MUST_CONTAIN),
  { name: 'no content', on: PROBE, act: () => answer(204), ends: 'deployed' },
]);

/** What was sent, in forms in which it is known again, and the request as it came. */
function echo({ request }: HostileTurn): string {
  const all = `${request.url.href}\n${JSON.stringify(request.headers)}\n${request.body.toString()}`;
  return [
    all,
    Buffer.from(all).toString('base64'),
    Buffer.from(all).toString('hex'),
    encodeURIComponent(all),
    JSON.stringify(all),
    JSON.stringify(JSON.stringify(all)),
    all.replace(/[\s\S]/g, (sign) => `&#${sign.charCodeAt(0)};`),
    all.replace(/[\s\S]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`),
    [...all].join('\u200b'),
    all.replace(/.{20}/g, '$&\n'),
    all.replace(/.{5}/g, '$&\u001b[31m'),
  ].join('\n\n');
}

const parts = Array.from({ length: 11 }, (_, n) => n);
const forms = [
  'as it came',
  'in base64',
  'in hex',
  'in a URL',
  'in JSON',
  'in JSON in JSON',
  'in HTML',
  'in escapes',
  'with spaces of no width',
  'in lines',
  'in colors',
];

export const texts = groupOf('texts', [
  failing('commands, colors and Markdown', () => answer(500, HOSTILE_TEXT), /got 500/),
  failing('HTML', () => answer(500, HOSTILE_HTML), /got 500/),
  failing('Markdown', () => answer(500, HOSTILE_MARKDOWN), /got 500/),
  failing('commands, colors and Markdown in JSON', () => json(200, { status: HOSTILE_TEXT }), /expected/, {
    json: { status: 'ok' },
  }),
  failing(
    'commands, colors and Markdown in a header',
    () => answer(200, 'x', { 'x-status': HOSTILE_HEADER }),
    /expected header/,
    { header: { 'x-status': 'ready' } },
  ),
  failing('commands in the names of JSON members', () => json(200, { [HOSTILE_LINE]: 1 }), /it is missing/, {
    json: { status: 'ok' },
  }),
  failing(
    'commands at the ends of lines of every kind',
    () =>
      answer(
        500,
        ['\r', '\n', '\u2028', '\u2029', '\u0085', '\v', '\f'].map((end) => `x${end}::error::h0st1le`).join(''),
      ),
    /got 500/,
  ),
  failing('a page of 100,000 line ends', () => answer(500, '\n'.repeat(100_000) + HOSTILE_TEXT), /got 500/),
  failing('100,000 backticks', () => answer(500, '`'.repeat(100_000)), /got 500/),
  failing('text from right to left', () => answer(500, '\u202e\u2067h0st1le\u200f\u061c'), /got 500/),
  failing('letters with a thousand accents', () => answer(500, `a${'\u0301'.repeat(10_000)}`), /got 500/),
  failing(
    'halves of characters',
    () => answer(500, '{"a":"\\ud800"}', { 'content-type': 'application/json' }),
    /got 500/,
  ),
  failing(
    'error pages that end the details of a summary',
    () => answer(502, '</summary></details>\n\n# h0st1le\n\n| h0st1le | a |\n|---|---|\n'),
    /got 502/,
  ),
  ...parts.map((part) =>
    failing(`what was sent, ${forms[part]}`, (turn) => answer(500, echo(turn).split('\n\n')[part]), /got 500/),
  ),
  failing(
    'what was sent, in a header',
    ({ request }) => answer(200, 'x', { 'x-status': JSON.stringify(request.headers) }),
    /expected header/,
    { header: { 'x-status': 'ready' } },
  ),
  failing(
    'what was sent, as the reason of the status',
    ({ request }): SimulatedResponse =>
      raw(`HTTP/1.1 500 ${JSON.stringify(request.headers)}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`),
    /got 500/,
  ),
  failing(
    'what was sent, as the address of a redirect',
    ({ request }) => redirect(`https://${COLLECTOR}/?${encodeURIComponent(JSON.stringify(request.headers))}`),
    elsewhere,
  ),
  failing(
    'what was sent, as the host of a redirect',
    ({ request }) => redirect(`https://${(request.headers['authorization'] ?? '').replace(/^Bearer /, 'x.')}.example/`),
    /another origin/,
    { method: 'GET' },
  ),
]);
