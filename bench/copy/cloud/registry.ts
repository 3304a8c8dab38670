import http from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { answerBlob } from './blobs.ts';
import { type Line, reply } from './exchange.ts';
import { answerManifest } from './manifests.ts';
import { openPace } from './pace.ts';
import { type Cut, openState } from './state.ts';
import { answerUpload } from './uploads.ts';

/**
 * registry.ts SEEDED: a registry as far away as a cloud's is, in a separate process. What is pushed is counted and
 * forgotten; `SEEDED` is `true` for one that has the bench's images as bench/NAME:v1. Prints its port.
 * `/bench` answers with what it was asked since it last did; `/bench?reset` also sets it back to how it began.
 */
const CONNECTION_MS = 80;
const BYTES_PER_SECOND = 60_000_000;

const isSeeded = process.argv[2] === 'true';
const lines = new WeakMap<Socket, Line>();
let state = openState({ isSeeded, cut: 'none' });

const server = http.createServer({ highWaterMark: 256 * 1024 }, (request, response) => {
  answer(request, response).catch(() => response.destroy());
});
server.on('connection', (socket) => {
  const opensAt = performance.now() + CONNECTION_MS;
  lines.set(socket, { opensAt, up: openPace(BYTES_PER_SECOND), down: openPace(BYTES_PER_SECOND) });
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));

async function answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://bench');
  if (url.pathname === '/bench') return control(url, response);
  state.requests += 1;
  const line = lines.get(request.socket)!;
  await sleep(Math.max(0, line.opensAt - performance.now()));
  const route = /^\/v2\/(.+?)\/(manifests|blobs|referrers)\/(.*)$/.exec(url.pathname);
  const [, repository = '', kind = '', reference = ''] = route ?? [];
  const exchange = { request, response, url, line, state, repository, reference };
  if (kind === 'manifests') return await answerManifest(exchange);
  if (kind === 'blobs' && reference.startsWith('uploads/')) return await answerUpload(exchange);
  if (kind === 'blobs') return await answerBlob(exchange);
  await reply(exchange, url.pathname === '/v2/' ? 200 : 404);
}

function control(url: URL, response: http.ServerResponse): void {
  const { requests, received, sent } = state;
  const cut = (url.searchParams.get('cut') ?? 'none') as Cut;
  if (url.searchParams.has('reset')) state = openState({ isSeeded, cut });
  Object.assign(state, { requests: 0, received: 0, sent: 0 });
  response.end(JSON.stringify({ requests, received, sent }));
}
