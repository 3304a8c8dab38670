import { createHash } from 'node:crypto';
import type { OciImage } from '../../../simulators/images.ts';
import { SimulatedRegistry, type SimulatedRegistryOptions } from '../../../simulators/registry/registry.ts';
import { DeployError } from '../../../src/model/errors.ts';
import type { Digest } from '../../../src/model/image.ts';
import type { Keychain } from '../../../src/model/keychain.ts';
import type { RegistryClient } from '../../../src/registry/client.ts';
import { type CopyResult, copyImage } from '../../../src/registry/copy-image.ts';
import { openClient, type ServedHost, serve } from './world.ts';

export async function openRegistry(options: Partial<SimulatedRegistryOptions> = {}) {
  const registry = new SimulatedRegistry({
    hostnames: ['127.0.0.1'],
    clock: { now: () => 0 },
    auth: { kind: 'anonymous' },
    createOnPush: true,
    mount: 'allow',
    ...options,
  });
  return { registry, served: await serve(registry) };
}

export type Opened = Awaited<ReturnType<typeof openRegistry>>;

/** Two registries; the first holds the image as acme/agent:v1. */
export async function openPair(image: OciImage, options: { source?: object; destination?: object } = {}) {
  const source = await openRegistry(options.source);
  const destination = await openRegistry(options.destination);
  source.registry.seed('acme/agent', 'v1', image);
  return { source, destination };
}

/** Of its registries it is known, or not, that they verify what they store. */
export function openCopier(verifiesBlobs: boolean): RegistryClient {
  const keychain: Keychain = {
    label: 'a test',
    resolve: async () => null,
    traits: () => ({ permissions: { pull: '', push: '' }, createsRepositories: true, verifiesBlobs }),
  };
  return openClient({ keychain });
}

export function copy(
  client: RegistryClient,
  image: OciImage,
  route: { from: ServedHost; to: ServedHost; repository?: string; tags?: readonly string[]; withReferrers?: boolean },
): Promise<CopyResult> {
  return copyImage(client, {
    source: {
      registry: route.from.registry,
      repository: 'acme/agent',
      tag: 'v1',
      digest: image.digest as Digest,
    },
    destination: {
      registry: route.to.registry,
      repository: route.repository ?? 'prod/agent',
      tags: route.tags ?? ['v1'],
    },
    withReferrers: route.withReferrers ?? false,
  });
}

export async function failureOf(promise: Promise<unknown>): Promise<DeployError> {
  const error = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (error instanceof DeployError) return error;
  throw new Error(`expected a DeployError, got ${String(error)}`, { cause: error });
}

export function held(opened: Opened, repository = 'prod/agent') {
  return opened.registry.snapshot().repositories[repository];
}

export interface ImageManifest {
  readonly layers: readonly { readonly digest: string }[];
}

/** The image with another manifest over the same blobs. */
export function withManifest(image: OciImage, change: (manifest: ImageManifest) => unknown): OciImage {
  const original = image.manifests[0]!;
  const bytes = Buffer.from(JSON.stringify(change(JSON.parse(original.bytes.toString()) as ImageManifest)));
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  return { digest, manifests: [{ ...original, digest, bytes }], blobs: image.blobs };
}
