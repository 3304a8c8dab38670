import type { IncomingHttpHeaders } from 'node:http';
import { DeployError } from '../../model/errors.ts';
import { PROGRAM_FILES, type Program, type ProgramEnd } from '../../model/inside.ts';
import { isJsonObject, tryParseJson } from '../../model/json.ts';
import { redact } from '../../model/redact.ts';
import type { OutgoingRequest } from './outgoing-request.ts';

/** The official image of curl, by the digest of its index for all platforms. Tag 8.17.0. */
export const CURL_IMAGE =
  'docker.io/curlimages/curl:8.17.0@sha256:935d9100e9ba842cdb060de42472c7ca90cfe9a7c96e4dacb55e79e560b3ff40';

/** What a response may have, as the platform keeps the end of what a program printed, and its headers are in that too. */
export const MOST_BODY_BYTES = 128 * 1024;

/** Sends one request and prints its response. Nothing of the request is on the command line. */
export function curlProgram(
  request: Omit<OutgoingRequest, 'signal' | 'guard'>,
  {
    boundary,
    image,
    test,
  }: { readonly boundary: string; readonly image: string | null; readonly test: Program['test'] },
): Program {
  const body = request.body ? { body: request.body } : {};
  return {
    test,
    image: image ?? CURL_IMAGE,
    command: ['curl', '--disable', '--config', `${PROGRAM_FILES}/request`],
    files: { request: Buffer.from(formatConfig(request, boundary)), ...body },
  };
}

/** https://curl.se/docs/manpage.html#-K */
function formatConfig(
  { method, url, headers, body, timeoutMs, connection }: Omit<OutgoingRequest, 'signal' | 'guard'>,
  boundary: string,
): string {
  // With a colon, a header without a value would be left out.
  const all = Object.entries(headers).map(([name, value]) => (value === '' ? `${name};` : `${name}: ${value}`));
  const lines = [
    `url = ${quote(url.href)}`,
    method === 'HEAD' ? 'head' : `request = ${quote(method)}`,
    ...['globoff', 'path-as-is', 'http1.1', 'silent', 'show-error'],
    ...[`max-time = ${timeoutMs / 1_000}`, `max-filesize = ${MOST_BODY_BYTES}`],
    ...all.map((header) => `header = ${quote(header)}`),
    // It would wait for a "100 Continue" before it sends a long body.
    'header = "Expect:"',
    ...(body ? [`data-binary = ${quote(`@${PROGRAM_FILES}/body`)}`] : []),
    ...(connection?.isUnverified ? ['insecure'] : []),
    `write-out = ${quote(trailerOf(boundary))}`,
  ];
  return `${lines.join('\n')}\n`;
}

function trailerOf(boundary: string): string {
  const figures = ['response_code', 'exitcode', 'time_total', 'size_download'].map((name) => `%{${name}}`).join(' ');
  return ['', `${boundary} ${figures}`, '%{errormsg}', '%{header_json}', boundary, ''].join('\n');
}

/** A config file knows these escapes only, and a header may have a tab in it. */
function quote(text: string): string {
  const escaped = text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n').replaceAll('\t', '\\t');
  return `"${escaped}"`;
}

export interface CurlResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly isWhole: boolean;
  readonly tookMs: number;
}

const TOO_LONG = 63;
const TIMED_OUT = 28;

/**
 * Reads what the program printed. `secrets`: what an error of it must not show.
 * @throws DeployError NETWORK where no response came; UNSUPPORTED where the program isn't curl
 */
export function readCurlOutput(
  { output, exitCode }: ProgramEnd,
  {
    boundary,
    host,
    secrets,
  }: { readonly boundary: string; readonly host: string; readonly secrets: readonly string[] },
): CurlResponse {
  const end = output.lastIndexOf(`\n${boundary} `);
  const printed = redact(output.slice(0, 2_000).trim(), secrets);
  if (end < 0) throw notCurl(exitCode, printed);
  const [figures = '', message = '', ...rest] = output.slice(end + boundary.length + 2).split('\n');
  const [status = 0, code = 0, seconds = 0, size = 0] = figures.split(' ').map(Number);
  if (code !== 0 && code !== TOO_LONG) throw unanswered({ host, code, message: redact(message, secrets) });
  const headers = rest.slice(0, rest.lastIndexOf(boundary)).join('\n');
  const isWhole = code === 0 && size <= MOST_BODY_BYTES;
  return { status, headers: parseHeaders(headers), body: output.slice(0, end), isWhole, tookMs: seconds * 1_000 };
}

/** Names in lower case -> all values of it, in the form that Node gives them. */
function parseHeaders(text: string): IncomingHttpHeaders {
  const parsed = tryParseJson(text);
  if (!isJsonObject(parsed)) return {};
  const headers = Object.entries(parsed).map(([name, given]) => {
    const values = (Array.isArray(given) ? given : [given]).map(String);
    return [name.toLowerCase(), /^set-cookie$/i.test(name) ? values : values.join(', ')];
  });
  return Object.fromEntries(headers) as IncomingHttpHeaders;
}

function unanswered({
  host,
  code,
  message,
}: {
  readonly host: string;
  readonly code: number;
  readonly message: string;
}) {
  const why = code === TIMED_OUT ? 'it did not answer in time' : message || `curl ended with ${code}`;
  return new DeployError('NETWORK', `could not request ${host} in the cluster: ${why}`, {
    hint: 'Check that the address is right, and that no network policy refuses requests from the pod of the smoke test.',
  });
}

function notCurl(exitCode: number, printed: string): DeployError {
  const said = printed === '' ? 'it printed nothing' : `it printed: ${printed}`;
  const message = `could not read the response that curl got in the cluster: exit code ${exitCode}, and ${said}`;
  return new DeployError('UNSUPPORTED', message, { hint: 'Use an `image` that has curl 7.84 or newer.' });
}
