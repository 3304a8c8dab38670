import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Agent, type Entries, openAgent } from './agent.ts';
import type { ServiceOptions } from './google/run/add-service.ts';
import { withoutAudit } from './google/snapshot.ts';
import { buildImage } from './images.ts';
import { openWorld, SOURCE, type World, type WorldOptions } from './world.ts';

export const CLOUD_RUN_SERVICE = 'agent';
export const CLOUD_RUN_REGION = 'europe-west1';
/** Of the images in Artifact Registry: `<project>/agents/agent`. */
export const IMAGE_PATH = 'agents/agent';

export interface CloudRunAgentOptions extends WorldOptions {
  readonly entries: Entries;
  readonly service?: Partial<ServiceOptions>;
  /**
   * How the job logs in. `auth-action` (default): a file that google-github-actions/auth left; `oidc`: no file, the
   * inputs name provider and account; `direct`: a file, without a service account.
   */
  readonly login?: 'auth-action' | 'oidc' | 'direct';
}

/** The service `agent` on Cloud Run, which runs v1 from Artifact Registry at 100%. */
export async function openCloudRunAgent(options: CloudRunAgentOptions): Promise<Agent> {
  const world = await openWorld(options);
  const { google } = world;
  const service = google.addService({
    service: CLOUD_RUN_SERVICE,
    ...(options.service?.template?.['containers'] ? {} : { image: seedImage(world, 'v1') }),
    ...options.service,
  });
  const directory = await mkdtemp(join(tmpdir(), 'workspace-'));
  const login = await logIn(world, directory, options.login ?? 'auth-action');
  const agent = openAgent({
    world,
    url: service.url,
    entries: options.entries,
    inputs: { ...usualInputs(world), ...login.inputs },
    env: { ...world.edge.env, ...world.github.env, ...login.env },
    snapshot: () => withoutAudit(google.snapshot(CLOUD_RUN_SERVICE)),
  });
  return {
    ...agent,
    async close() {
      await rm(directory, { recursive: true, force: true });
      await agent.close();
    },
  };
}

/** Puts an image into the project's registry that behaves so; returns its full name, by digest. */
export function seedImage(
  world: World,
  tag: string,
  behaviour: Parameters<typeof buildImage>[0]['behaviour'] = {},
): string {
  const image = buildImage({ seed: tag, behaviour: { version: tag, ...behaviour } });
  const name = `${world.google.project}/${IMAGE_PATH}`;
  world.artifactRegistry.seed(name, tag, image);
  return `${CLOUD_RUN_REGION}-docker.pkg.dev/${name}@${image.digest}`;
}

function usualInputs({ google }: World): Record<string, string> {
  return {
    target: 'cloud-run',
    project: google.project,
    region: google.region,
    service: CLOUD_RUN_SERVICE,
    'copy-to': `${google.region}-docker.pkg.dev/${google.project}/${IMAGE_PATH}`,
    'registry-username': SOURCE.username,
    'registry-password': SOURCE.password,
  };
}

async function logIn({ google, github }: World, directory: string, how: NonNullable<CloudRunAgentOptions['login']>) {
  if (how !== 'oidc') {
    const { env } = await google.logIn(directory, { env: github.env, direct: how === 'direct' });
    return { env, inputs: {} };
  }
  const inputs = {
    'workload-identity-provider': google.workloadIdentityProvider,
    'service-account': google.serviceAccount,
  };
  return { env: {}, inputs };
}
