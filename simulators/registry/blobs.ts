import type { SimulatedRequest } from '../edge/host.ts';
import { type Answer, refuse } from './answer.ts';

const SIGNATURE = 'X-Simulated-Signature';

/** The blob, or the part that a Range header asks for. */
export function answerBlob(request: SimulatedRequest, digest: string, bytes: Buffer): Answer {
  const headers = {
    'content-type': 'application/octet-stream',
    'docker-content-digest': digest,
    'accept-ranges': 'bytes',
    etag: `"${digest}"`,
  };
  const range = parseRange(request.headers['range'], bytes.length);
  if (!range || request.method === 'HEAD') return { status: 200, headers, body: bytes };
  const { first, last } = range;
  if (first > last) return { status: 416, headers: { 'content-range': `bytes */${bytes.length}` } };
  return {
    status: 206,
    headers: { ...headers, 'content-range': `bytes ${first}-${last}/${bytes.length}` },
    body: bytes.subarray(first, last + 1),
  };
}

/** `bytes=6-`, `bytes=6-10`, or `bytes=-5`: the last five. https://www.rfc-editor.org/rfc/rfc9110#name-byte-ranges */
function parseRange(header = '', length: number): { readonly first: number; readonly last: number } | null {
  const [, from = '', to = ''] = /^bytes=(?=-?\d)(\d*)-(\d*)$/.exec(header) ?? [];
  if (from === '' && to === '') return null;
  if (from === '') return { first: Math.max(0, length - Number(to)), last: length - 1 };
  return { first: Number(from), last: Math.min(to === '' ? length : Number(to), length - 1) };
}

/** To the bucket, with a signature in the query, as ECR does. */
export function redirectToStorage(request: SimulatedRequest, digest: string, hostname: string): Answer {
  const port = request.url.port === '' ? '' : `:${request.url.port}`;
  const location = `${request.url.protocol}//${hostname}${port}/storage/${digest}?${SIGNATURE}=${digest.slice(7, 23)}`;
  return { status: 307, headers: { location } };
}

/** The bucket's side. S3 refuses a request that proves itself twice (renovatebot/renovate#3877). */
export function answerFromStorage(request: SimulatedRequest, blobs: ReadonlyMap<string, Buffer>): Answer {
  if (request.headers['authorization'] !== undefined) {
    return refuse(400, 'InvalidArgument', 'Only one auth mechanism allowed');
  }
  const digest = decodeURIComponent(request.url.pathname).replace(/^\/storage\//, '');
  if (request.url.searchParams.get(SIGNATURE) !== digest.slice(7, 23)) {
    return refuse(403, 'SignatureDoesNotMatch', 'The request signature does not match');
  }
  const bytes = blobs.get(digest);
  return bytes ? answerBlob(request, digest, bytes) : refuse(404, 'NoSuchKey', 'The specified key does not exist.');
}
