import { randomUUID } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type BenchBlob,
  type BenchImage,
  type BenchManifest,
  buildBenchImages,
  readBenchBlob,
} from './bench-images.ts';
import { openPace, type Pace } from './pace.ts';

/**
 * cloud-registry.ts SEEDED: a registry as far away as a cloud's is, as a process of its own. What is pushed is counted
 * and forgotten; `SEEDED` is `true` for one that has the bench's images as bench/NAME:v1. Prints its port.
 * `POST /bench` sets it back to how it began and answers with what it was asked since.
 */
const REQUEST_MS = 40;
const CONNECTION_MS = 80;
const BYTES_PER_SECOND = 60_000_000;

type Cut = 'none' | 'upload' | 'download';

interface Repository {
  readonly manifests: Map<string, BenchManifest>;
  readonly tags: Map<string, string>;
  readonly blobs: Set<string>;
}

interface State {
  readonly repositories: Map<string, Repository>;
  readonly uploads: Map<string, { bytes: number }>;
  readonly alreadyCut: Set<string>;
  cut: Cut;
  requests: number;
  received: number;
  sent: number;
}

interface Line {
  readonly opensAt: number;
  readonly up: Pace;
  readonly down: Pace;
}

interface Exchange {
  readonly request: http.IncomingMessage;
  readonly response: http.ServerResponse;
  readonly url: URL;
  readonly line: Line;
  readonly repository: string;
  /** What follows `manifests/` or `blobs/`. */
  readonly reference: string;
}

const images = buildBenchImages();
const blobs = new Map(images.flatMap((image) => image.blobs).map((blob) => [blob.digest, blob]));
const isSeeded = process.argv[2] === 'true';
const lines = new WeakMap<Socket, Line>();
let state = reset('none');

const server = http.createServer({ highWaterMark: 256 * 1024 }, (request, response) => {
  answer(request, response).catch(() => response.destroy());
});
server.on('connection', (socket) => {
  lines.set(socket, {
    opensAt: performance.now() + CONNECTION_MS,
    up: openPace(BYTES_PER_SECOND),
    down: openPace(BYTES_PER_SECOND),
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));

function reset(cut: Cut): State {
  const repositories = new Map(isSeeded ? images.map((image) => [`bench/${image.name}`, seed(image)]) : []);
  const counters = { requests: 0, received: 0, sent: 0 };
  return { repositories, uploads: new Map(), alreadyCut: new Set(), cut, ...counters };
}

function seed(image: BenchImage): Repository {
  return {
    manifests: new Map(image.manifests.map((manifest) => [manifest.digest, manifest])),
    tags: new Map([['v1', image.digest]]),
    blobs: new Set(image.blobs.map(({ digest }) => digest)),
  };
}

async function answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://bench');
  if (url.pathname === '/bench') return control(url, response);
  state.requests += 1;
  const line = lines.get(request.socket)!;
  await sleep(Math.max(0, line.opensAt - performance.now()));
  const [, repository = '', kind = '', reference = ''] =
    /^\/v2\/(.+?)\/(manifests|blobs|referrers)\/(.*)$/.exec(url.pathname) ?? [];
  const exchange: Exchange = { request, response, url, line, repository, reference };
  if (kind === 'manifests') return await answerManifest(exchange);
  if (kind === 'blobs' && reference.startsWith('uploads/')) return await answerUpload(exchange);
  if (kind === 'blobs') return await answerBlob(exchange);
  await reply(exchange, url.pathname === '/v2/' ? 200 : 404);
}

function control(url: URL, response: http.ServerResponse): void {
  const { requests, received, sent } = state;
  if (url.searchParams.has('reset')) state = reset((url.searchParams.get('cut') ?? 'none') as Cut);
  Object.assign(state, { requests: 0, received: 0, sent: 0 });
  response.end(JSON.stringify({ requests, received, sent }));
}

async function answerManifest(exchange: Exchange): Promise<void> {
  const { request, repository, reference } = exchange;
  if (request.method === 'PUT') return await storeManifest(exchange);
  const held = state.repositories.get(repository);
  const manifest = held?.manifests.get(held.tags.get(reference) ?? reference);
  if (!manifest) return await reply(exchange, 404);
  const { mediaType, digest, bytes } = manifest;
  const headers = { 'content-type': mediaType, 'docker-content-digest': digest, 'content-length': bytes.length };
  await reply(exchange, 200, { headers, body: request.method === 'HEAD' ? '' : bytes });
}

async function storeManifest(exchange: Exchange): Promise<void> {
  const { request, repository, reference } = exchange;
  const bytes = Buffer.concat(await request.toArray());
  const known = images.flatMap(({ manifests }) => manifests).find((manifest) => manifest.bytes.equals(bytes));
  const held = hold(repository);
  // Only whole images are stored: a tool that leaves something out would look fast.
  if (!known || !isWhole(known, held)) return await reply(exchange, 400);
  held.manifests.set(known.digest, known);
  if (!reference.startsWith('sha256:')) held.tags.set(reference, known.digest);
  await reply(exchange, 201, { headers: { 'docker-content-digest': known.digest } });
}

function isWhole({ bytes }: BenchManifest, held: Repository): boolean {
  const {
    config,
    layers = [],
    manifests = [],
  } = JSON.parse(bytes.toString()) as {
    readonly [part in 'layers' | 'manifests']?: readonly { readonly digest: string }[];
  } & { readonly config?: { readonly digest: string } };
  const parts = config ? [config, ...layers] : layers;
  return (
    parts.every(({ digest }) => held.blobs.has(digest)) && manifests.every(({ digest }) => held.manifests.has(digest))
  );
}

function hold(repository: string): Repository {
  const held = state.repositories.get(repository) ?? { manifests: new Map(), tags: new Map(), blobs: new Set() };
  state.repositories.set(repository, held);
  return held;
}

async function answerBlob(exchange: Exchange): Promise<void> {
  const { request, repository, reference } = exchange;
  const blob = state.repositories.get(repository)?.blobs.has(reference) ? blobs.get(reference) : undefined;
  if (!blob) return await reply(exchange, 404);
  const start = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
  const end = Number(/^bytes=\d+-(\d+)$/.exec(request.headers.range ?? '')?.[1] ?? blob.size - 1) + 1;
  const headers = {
    'content-type': 'application/octet-stream',
    'content-length': end - start,
    'docker-content-digest': blob.digest,
    'accept-ranges': 'bytes',
    ...(request.headers.range ? { 'content-range': `bytes ${start}-${end - 1}/${blob.size}` } : {}),
  };
  if (request.method === 'HEAD') return await reply(exchange, 200, { headers });
  await sleep(REQUEST_MS);
  exchange.response.writeHead(request.headers.range ? 206 : 200, headers);
  await sendBlob(exchange, blob, { start, end });
}

async function sendBlob(
  { response, line }: Exchange,
  blob: BenchBlob,
  { start, end }: { readonly start: number; readonly end: number },
): Promise<void> {
  const cutAt = cutsNow('download', blob) ? blob.size / 2 : Number.POSITIVE_INFINITY;
  let at = start;
  for (const piece of readBenchBlob(blob, start)) {
    const wanted = piece.subarray(0, end - at);
    if (at + wanted.length > cutAt) return void response.destroy();
    if (wanted.length === 0) break;
    at += wanted.length;
    state.sent += wanted.length;
    if (!response.write(wanted)) await untilDrained(response);
    if (response.destroyed) return;
    await line.down.spend(wanted.length);
  }
  response.end();
}

function untilDrained(response: http.ServerResponse): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  response.once('drain', resolve).once('close', resolve);
  return promise.finally(() => void response.off('drain', resolve).off('close', resolve));
}

/** The first transfer of each large blob, as a proxy or a balancer that restarts does it. */
function cutsNow(which: Cut, { digest, size }: BenchBlob): boolean {
  if (state.cut !== which || size < 1_000_000 || state.alreadyCut.has(digest)) return false;
  state.alreadyCut.add(digest);
  return true;
}

async function answerUpload(exchange: Exchange): Promise<void> {
  const { request, url, repository, reference } = exchange;
  if (request.method === 'POST') return await openUpload(exchange);
  const id = reference.slice('uploads/'.length);
  const upload = state.uploads.get(id);
  if (!upload) return await reply(exchange, 404);
  if (request.method === 'DELETE') return await reply(exchange, 204);
  const location = `/v2/${repository}/blobs/uploads/${id}`;
  if (request.method !== 'GET' && !(await receive(exchange, upload))) return void state.uploads.delete(id);
  const headers = { location, range: `0-${Math.max(0, upload.bytes - 1)}`, 'docker-upload-uuid': id };
  if (request.method !== 'PUT') return await reply(exchange, request.method === 'GET' ? 204 : 202, { headers });
  const digest = url.searchParams.get('digest') ?? '';
  const isRight = blobs.get(digest)?.size === upload.bytes;
  if (isRight) hold(repository).blobs.add(digest);
  await reply(exchange, isRight ? 201 : 400, { headers: { location: `/v2/${repository}/blobs/${digest}` } });
}

async function openUpload(exchange: Exchange): Promise<void> {
  const { url, repository } = exchange;
  const [mount, from] = [url.searchParams.get('mount') ?? '', url.searchParams.get('from') ?? ''];
  if (state.repositories.get(from)?.blobs.has(mount)) {
    hold(repository).blobs.add(mount);
    return await reply(exchange, 201, { headers: { location: `/v2/${repository}/blobs/${mount}` } });
  }
  const id = randomUUID();
  state.uploads.set(id, { bytes: 0 });
  const headers = { location: `/v2/${repository}/blobs/uploads/${id}`, range: '0-0', 'docker-upload-uuid': id };
  await reply(exchange, 202, { headers });
}

/** False: it broke off, and what came is lost, as it is in docker-registry. */
async function receive({ request, line, url }: Exchange, upload: { bytes: number }): Promise<boolean> {
  const blob = findCut(url, request);
  const cutAt = blob && cutsNow('upload', blob) ? blob.size / 2 : Number.POSITIVE_INFINITY;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      upload.bytes += chunk.length;
      state.received += chunk.length;
      if (upload.bytes > cutAt) request.destroy();
      await line.up.spend(chunk.length);
    }
    return true;
  } catch {
    return false;
  }
}

/** A PATCH doesn't say which blob it brings: all of one size are as good. */
function findCut(url: URL, request: http.IncomingMessage): BenchBlob | undefined {
  const digest = url.searchParams.get('digest');
  if (digest) return blobs.get(digest);
  const size = Number(request.headers['content-length'] ?? 100_000_000);
  return [...blobs.values()].find((blob) => blob.size === size && !state.alreadyCut.has(blob.digest));
}

async function reply(
  { request, response }: Exchange,
  status: number,
  { headers = {}, body = '' }: { readonly headers?: http.OutgoingHttpHeaders; readonly body?: string | Buffer } = {},
): Promise<void> {
  request.resume();
  await sleep(REQUEST_MS);
  // Also to a HEAD, as registries do: Node gives up a connection whose answer names no length.
  response.writeHead(status, { 'content-length': body.length, ...headers });
  response.end(body);
}
