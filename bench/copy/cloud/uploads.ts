import { randomUUID } from 'node:crypto';
import type http from 'node:http';
import type { BenchBlob } from '../bench-images.ts';
import { type Exchange, reply } from './exchange.ts';
import { ensureRepository, knownBlobs, type State, takeCut } from './state.ts';

export async function answerUpload(exchange: Exchange): Promise<void> {
  const { request, url, state, repository, reference } = exchange;
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
  const isRight = knownBlobs.get(digest)?.size === upload.bytes;
  if (isRight) ensureRepository(state, repository).blobs.add(digest);
  await reply(exchange, isRight ? 201 : 400, { headers: { location: `/v2/${repository}/blobs/${digest}` } });
}

async function openUpload(exchange: Exchange): Promise<void> {
  const { url, state, repository } = exchange;
  const [mount, from] = [url.searchParams.get('mount') ?? '', url.searchParams.get('from') ?? ''];
  if (state.repositories.get(from)?.blobs.has(mount)) {
    ensureRepository(state, repository).blobs.add(mount);
    return await reply(exchange, 201, { headers: { location: `/v2/${repository}/blobs/${mount}` } });
  }
  const id = randomUUID();
  state.uploads.set(id, { bytes: 0 });
  const headers = { location: `/v2/${repository}/blobs/uploads/${id}`, range: '0-0', 'docker-upload-uuid': id };
  await reply(exchange, 202, { headers });
}

/** False: it broke off, and what came is lost, as it is in docker-registry. */
async function receive({ request, line, url, state }: Exchange, upload: { bytes: number }): Promise<boolean> {
  const blob = findCut(request, url, state);
  const cutAt = blob && takeCut(state, 'upload', blob) ? blob.size / 2 : Number.POSITIVE_INFINITY;
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
function findCut(request: http.IncomingMessage, url: URL, state: State): BenchBlob | undefined {
  const digest = url.searchParams.get('digest');
  if (digest) return knownBlobs.get(digest);
  const size = Number(request.headers['content-length'] ?? 100_000_000);
  return [...knownBlobs.values()].find((blob) => blob.size === size && !state.alreadyCut.has(blob.digest));
}
