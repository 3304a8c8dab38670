import { CLIENT_ID, REGISTRY_HOST, SUBSCRIPTION, TENANT } from '../../../simulators/azure/azure-cloud.ts';
import { withoutAudit } from '../../../simulators/azure/snapshot.ts';
import { buildImage } from '../../../simulators/images.ts';
import { openWorld, type World } from '../../../simulators/world.ts';
import { openOutside } from '../stand-ins/outside.ts';
import { type Clouds, commonValues, type LiveService } from './clouds.ts';

const APP = 'greeter';

/** A resource group for each environment, and an application that trusts only the jobs of that environment. */
export async function openContainerAppsClouds(asking?: string): Promise<Clouds> {
  const staging = await openGroup('staging', asking);
  const production = await openGroup('production', asking);
  const worldOf = (environment: string | null): World => (environment === 'production' ? production : staging).world;
  return {
    outside: openOutside([staging.world, production.world], []),
    values: { ...commonValues, SERVICE: APP },
    varsOf,
    staging: [staging.service],
    production: [production.service],
    worldOf,
    oidcOf: (environment) => worldOf(environment).github.env,
  };
}

/** `asking`: the repository whose jobs ask for an identity; default the trusted one. */
async function openGroup(environment: string, asking = 'acme/agent') {
  const world = await openWorld({ github: { environment } });
  world.github.setWorkflow({ repository: asking });
  return { world, service: addApp(world, `greeter-${environment}`) };
}

function varsOf(environment: string): Readonly<Record<string, string>> {
  return {
    AZURE_TENANT_ID: TENANT,
    AZURE_SUBSCRIPTION_ID: SUBSCRIPTION,
    AZURE_RESOURCE_GROUP: `greeter-${environment}`,
    AZURE_CLIENT_ID: CLIENT_ID,
    AZURE_REGISTRY: REGISTRY_HOST.split('.')[0]!,
  };
}

function addApp(world: World, resourceGroup: string): LiveService {
  const v1 = buildImage({ seed: 'v1', behaviour: { version: 'v1' } });
  world.azure.acr.seed('agent', 'v1', v1);
  const { url } = world.azure.addApp({ name: APP, resourceGroup, image: `${REGISTRY_HOST}/agent@${v1.digest}` });
  return {
    snapshot: () => withoutAudit(world.azure.snapshot(APP)),
    version: async () => (await world.edge.get(`${url}/`)).body,
  };
}
