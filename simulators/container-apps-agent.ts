import { type Agent, type Entries, openAgent } from './agent.ts';
import type { AppOptions } from './azure/add-app.ts';
import { CLIENT_ID, REGISTRY_HOST, RESOURCE_GROUP, SUBSCRIPTION, TENANT } from './azure/azure-cloud.ts';
import { withoutAudit } from './azure/snapshot.ts';
import { buildImage } from './images.ts';
import { openWorld, SOURCE } from './world.ts';

export const APP = 'agent';
export const REPOSITORY = 'agent';

export interface ContainerAppsAgentOptions {
  readonly entries: Entries;
  readonly app?: Partial<AppOptions>;
  /** Of access tokens. Default 60 minutes. */
  readonly tokenLifetimeMs?: number;
}

/** The app `agent` on Azure Container Apps, which runs v1 from ACR; the job signs in with its own OIDC token. */
export async function openContainerAppsAgent(options: ContainerAppsAgentOptions): Promise<Agent> {
  const world = await openWorld();
  const v1 = buildImage({ seed: 'v1', behaviour: { version: 'v1' } });
  world.azure.acr.seed(REPOSITORY, 'v1', v1);
  const { url } = world.azure.addApp({
    name: APP,
    image: `${REGISTRY_HOST}/${REPOSITORY}@${v1.digest}`,
    ...options.app,
  });
  if (options.tokenLifetimeMs !== undefined) world.azure.tokenLifetimeMs = options.tokenLifetimeMs;
  return openAgent({
    world,
    url: options.app?.ingress === null ? '' : url,
    entries: options.entries,
    inputs: usualInputs,
    env: {
      ...world.edge.env,
      ...world.github.env,
      AZURE_TENANT_ID: TENANT,
      AZURE_CLIENT_ID: CLIENT_ID,
      AZURE_SUBSCRIPTION_ID: SUBSCRIPTION,
    },
    snapshot: () => withoutAudit(world.azure.snapshot(APP)),
  });
}

const usualInputs = {
  target: 'container-apps',
  'resource-group': RESOURCE_GROUP,
  service: APP,
  'copy-to': `${REGISTRY_HOST}/${REPOSITORY}`,
  'registry-username': SOURCE.username,
  'registry-password': SOURCE.password,
};
