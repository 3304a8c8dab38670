import type { BenchManifest } from '../bench-images.ts';
import { type Exchange, reply } from './exchange.ts';
import { ensureRepository, knownManifests, type Repository } from './state.ts';

export async function answerManifest(exchange: Exchange): Promise<void> {
  const { request, state, repository, reference } = exchange;
  if (request.method === 'PUT') return await storeManifest(exchange);
  const held = state.repositories.get(repository);
  const manifest = held?.manifests.get(held.tags.get(reference) ?? reference);
  if (!manifest) return await reply(exchange, 404);
  const { mediaType, digest, bytes } = manifest;
  const headers = { 'content-type': mediaType, 'docker-content-digest': digest, 'content-length': bytes.length };
  await reply(exchange, 200, { headers, body: request.method === 'HEAD' ? '' : bytes });
}

async function storeManifest(exchange: Exchange): Promise<void> {
  const { request, state, repository, reference } = exchange;
  const bytes = Buffer.concat(await request.toArray());
  const known = knownManifests.find((manifest) => manifest.bytes.equals(bytes));
  const held = ensureRepository(state, repository);
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
