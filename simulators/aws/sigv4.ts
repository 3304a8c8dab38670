import { createHash, createHmac } from 'node:crypto';
import type { SimulatedRequest } from '../edge/host.ts';

/** What a request says about who signed it; null where it isn't signed in the header. */
export interface Signature {
  readonly accessKeyId: string;
  readonly day: string;
  readonly region: string;
  readonly service: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=([^/,]+)\/(\d{8})\/([^/,]+)\/([^/,]+)\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/;

export function findSignature(request: SimulatedRequest): Signature | null {
  const match = AUTHORIZATION.exec(request.headers['authorization'] ?? '');
  if (!match) return null;
  const [, accessKeyId, day, region, service, signedHeaders, signature] = match;
  return {
    accessKeyId: accessKeyId!,
    day: day!,
    region: region!,
    service: service!,
    signedHeaders: signedHeaders!.split(';'),
    signature: signature!,
  };
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html */
export function isSignedWith(secretAccessKey: string, request: SimulatedRequest, signature: Signature): boolean {
  if (!signature.signedHeaders.includes('host')) return false;
  const scope = `${signature.day}/${signature.region}/${signature.service}/aws4_request`;
  const toSign = [
    'AWS4-HMAC-SHA256',
    request.headers['x-amz-date'] ?? '',
    scope,
    sha256(canonicalRequest(request, signature.signedHeaders)),
  ].join('\n');
  const key = [signature.day, signature.region, signature.service, 'aws4_request'].reduce<Buffer>(
    (previous, part) => hmac(previous, part),
    Buffer.from(`AWS4${secretAccessKey}`),
  );
  return hmac(key, toSign).toString('hex') === signature.signature;
}

function canonicalRequest(request: SimulatedRequest, signedHeaders: readonly string[]): string {
  const headers = signedHeaders.map((name) => `${name}:${headerValue(request, name).trim().replace(/ +/g, ' ')}\n`);
  return [
    request.method,
    request.url.pathname,
    canonicalQuery(request.url),
    headers.join(''),
    signedHeaders.join(';'),
    sha256(request.body),
  ].join('\n');
}

function headerValue(request: SimulatedRequest, name: string): string {
  return request.headers[name] ?? (name === 'host' ? request.url.host : '');
}

function canonicalQuery(url: URL): string {
  return [...url.searchParams]
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .sort()
    .join('&');
}

function sha256(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
