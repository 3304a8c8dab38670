import { afterEach, expect, test } from '@jest/globals';
import type { Agent } from '../../simulators/agent.ts';
import { buildImage, type OciImage } from '../../simulators/images.ts';
import type { SimulatedRegistry } from '../../simulators/registry/registry.ts';
import { SOURCE, type World } from '../../simulators/world.ts';
import { closeAgents, givenAgent } from './agent.ts';
import { givenCloudRun } from './cloud-run-agent.ts';
import { givenApp } from './container-apps-agent.ts';
import { refuse } from './refusal.ts';

afterEach(closeAgents);

const image = buildImage({ seed: 'damaged', behaviour: { version: 'v2' }, layers: 2, layerBytes: 300_000 });
const [config, layer] = image.blobs as [OciImage['blobs'][number], OciImage['blobs'][number]];

/** Without the permission to have ACR fetch the image itself. */
async function givenAppWithoutImport(): Promise<Agent> {
  const agent = await givenApp();
  agent.world.azure.deny('Microsoft.ContainerRegistry/registries/importImage/action');
  return agent;
}

interface Row {
  readonly to: string;
  readonly damaged: string;
  readonly given: () => Promise<Agent>;
  readonly registry: (world: World) => SimulatedRegistry;
}

const rows: readonly Row[] = [
  {
    to: 'ECR, which hashes what it gets',
    damaged: layer.digest,
    given: givenAgent,
    registry: ({ ecr }) => ecr,
  },
  {
    to: 'Artifact Registry, for which it is hashed here',
    damaged: config.digest,
    given: givenCloudRun,
    registry: ({ artifactRegistry }) => artifactRegistry,
  },
  {
    to: 'ACR, for which it is hashed here',
    damaged: layer.digest,
    given: givenAppWithoutImport,
    registry: ({ azure }) => azure.acr,
  },
];

/** What the source has under the blob's digest has one other byte. */
function publishDamaged({ world }: Agent, digest: string): string {
  const damage = (bytes: Buffer): Buffer => Buffer.concat([bytes.subarray(0, -1), Buffer.from([bytes.at(-1)! ^ 1])]);
  const blobs = image.blobs.map((blob) => (blob.digest === digest ? { ...blob, bytes: damage(blob.bytes) } : blob));
  world.source.seed(SOURCE.repository, 'v2', { ...image, blobs });
  return `${SOURCE.host}/${SOURCE.repository}:v2`;
}

test.each(rows)(
  'an image with a blob that is damaged at its source is refused with that blob, and nothing is deployed; to $to',
  async ({ given, damaged, registry }) => {
    const agent = await given();
    const inputs = { image: publishDamaged(agent, damaged) };
    const { failure } = await refuse(agent, inputs, { stateOf: (one) => ({ service: one.snapshot() }) });
    expect(failure).toMatchObject({
      code: 'IMAGE_INVALID',
      message: expect.stringContaining(`could not copy blob ${damaged} from ${SOURCE.host}/${SOURCE.repository}`),
      hint: 'The source registry serves a damaged image: build and push it again.',
    });
    expect(failure.message).toMatch(/: its content has the digest sha256:[0-9a-f]{64}$/);
    for (const { manifests, blobs } of Object.values(registry(agent.world).snapshot().repositories)) {
      expect(blobs).not.toContain(damaged);
      expect(manifests).not.toContain(image.digest);
    }
  },
);
