import type http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { type BenchBlob, readBenchBlob } from '../bench-images.ts';
import { type Exchange, REQUEST_MS, reply } from './exchange.ts';
import { knownBlobs, takeCut } from './state.ts';

export async function answerBlob(exchange: Exchange): Promise<void> {
  const { request, state, repository, reference } = exchange;
  const blob = state.repositories.get(repository)?.blobs.has(reference) ? knownBlobs.get(reference) : undefined;
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
  { response, line, state }: Exchange,
  blob: BenchBlob,
  { start, end }: { readonly start: number; readonly end: number },
): Promise<void> {
  const cutAt = takeCut(state, 'download', blob) ? blob.size / 2 : Number.POSITIVE_INFINITY;
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
