import {
  APP,
  APP_PATH,
  type AzureStage,
  getApp,
  getRevision,
  openAzureStage,
  patch,
  revisionUntil,
  template,
  traffic,
  update,
} from '../__tests__/fixtures/azure/azure-stage.ts';
import type { Order } from '../__tests__/fixtures/azure/orders.ts';
import type { AppOptions } from '../simulators/azure/add-app.ts';
import { REGISTRY_HOST, RESOURCE_GROUP, SUBSCRIPTION } from '../simulators/azure/azure-cloud.ts';
import type { JsonObject } from '../simulators/json.ts';
import { SOURCE } from '../simulators/world.ts';

/** One request to ARM and its answer, as check_arm.py reads them. */
export interface ArmExchange {
  /** Without the host's prefix: `ContainerApps_Update`. */
  readonly operation: string;
  readonly request: { readonly body: string };
  readonly answer: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
  };
}

/** No model knows them; they have to come through all the same. */
export const PLANTED = ['futureTemplate', 'futureContainer', 'futureConfiguration'];

const rich: Partial<AppOptions> = {
  revisionSuffix: 'v1',
  configuration: {
    futureConfiguration: true,
    maxInactiveRevisions: 20,
    secrets: [
      { name: 'key', value: 'hunter2' },
      { name: 'vault', keyVaultUrl: 'https://acme.vault.azure.net/secrets/x', identity: 'system' },
    ],
  },
  ingress: {
    ipSecurityRestrictions: [{ name: 'all', action: 'Allow', ipAddressRange: '0.0.0.0/0' }],
    customDomains: [{ name: 'agent.acme.dev', bindingType: 'Disabled' }],
    clientCertificateMode: 'ignore',
  },
  template: {
    futureTemplate: [1],
    volumes: [{ name: 'tmp', storageType: 'EmptyDir' }],
  },
  auth: {
    platform: { enabled: true },
    globalValidation: { unauthenticatedClientAction: 'AllowAnonymous' },
  },
  document: { tags: { team: 'agents' } },
};

const REGISTRIES = { registries: [{ server: REGISTRY_HOST, identity: 'system' }] };
const group = `/subscriptions/${SUBSCRIPTION}/resourceGroups/${RESOURCE_GROUP}`;
const arm = (path: string, version = '2025-07-01', method = 'GET', body?: JsonObject): Order => ({
  call: 'arm',
  method,
  url: `https://management.azure.com${path}?api-version=${version}`,
  ...(body === undefined ? {} : { body }),
});
const pinned = traffic({ revisionName: 'agent--v1', weight: 100 });
const sleep = (ms: number): Order => ({ call: 'sleep', ms });

/** Everything that is simulated, asked by Microsoft's own clients and by hand, as far as those keep what is planted. */
const tellEverything = (stage: AzureStage): readonly Order[] => [
  getApp,
  { call: 'containerApps.listByResourceGroup' },
  patch({
    ...template(stage.image('v2'), 'v2', { futureContainer: 'x', env: [{ name: 'KEY', secretRef: 'key' }] }),
    ...pinned,
  }),
  patch(pinned), // while that is under way
  sleep(2_000),
  getRevision('v2'),
  revisionUntil('v2', '"healthState":"Healthy"'),
  getRevision('v2'),
  { call: 'containerAppsRevisions.listRevisions', args: [APP] },
  { call: 'containerAppsRevisionReplicas.listReplicas', args: [APP, 'agent--v2'] },
  update(traffic({ revisionName: 'agent--v1', weight: 95 }, { revisionName: 'agent--v2', weight: 5, label: 'canary' })),
  { call: 'containerAppsRevisions.deactivateRevision', args: [APP, 'agent--v2'] },
  getRevision('v2'),
  { call: 'containerAppsRevisions.activateRevision', args: [APP, 'agent--v2'] },
  { call: 'containerAppsRevisions.restartRevision', args: [APP, 'agent--v1'] },
  { call: 'containerApps.listSecrets', args: [APP] },
  { call: 'containerApps.getAuthToken', args: [APP] },
  { call: 'containerAppsAuthConfigs.listByContainerApp', args: [APP] },
  { call: 'containerAppsAuthConfigs.get', args: [APP, 'current'] },
  { call: 'managedEnvironments.get', args: ['production'] },
  { call: 'registries.get', args: ['acme'] },
  importOf('v2'),
  importOf('v9'),
  arm('/subscriptions', '2022-12-01'),
  arm(`/subscriptions/${SUBSCRIPTION}`, '2022-12-01'),
  arm('/tenants', '2022-12-01'),
  arm(`${APP_PATH}/providers/Microsoft.Authorization/permissions`, '2022-04-01'),
  arm(`/subscriptions/${SUBSCRIPTION}/providers/Microsoft.App/containerApps`),
  arm(`/subscriptions/${SUBSCRIPTION}/providers/Microsoft.ContainerRegistry/registries`, '2025-11-01'),
  { call: 'containerApps.get', args: ['agnet'] },
  arm(APP_PATH, '2019-01-01'),
  arm(`${group}/providers/Microsoft.App/jobs/x`),
  patch({ configuration: { secrets: [{ name: 'key' }] } }),
  patch(traffic({ revisionName: 'agent--v1', weight: 1 })),
  patch(template('acme.azurecr.io/agent:missing', 'v3')),
  sleep(10_000),
  { call: 'containerApps.get', args: [APP] },
  patch({ ...template(stage.image('crash', { crash: { afterMs: 500, exitCode: 3, logs: ['no'] } }), 'crash') }),
  sleep(30_000),
  { call: 'containerAppsRevisionReplicas.listReplicas', args: [APP, 'agent--crash'] },
  sleep(600_000),
  getRevision('crash'),
  arm(APP_PATH, '2025-07-01', 'PUT', {
    location: 'westeurope',
    properties: { configuration: REGISTRIES, ...template(stage.image('v4'), 'v4') },
  }),
  sleep(10_000),
  { call: 'fetch', url: `https://management.azure.com${APP_PATH}?api-version=2025-07-01` },
];

function importOf(tag: string): Order {
  const credentials = { username: SOURCE.username, password: SOURCE.password };
  const source = { registryUri: SOURCE.host, sourceImage: `${SOURCE.repository}:${tag}`, credentials };
  return { call: 'registries.importImage', args: ['acme', { source, targetTags: [`agent:${tag}`], mode: 'NoForce' }] };
}

/** Plays it, and appends what was exchanged. */
export async function recordArm(into: ArmExchange[]): Promise<void> {
  const stage = await openAzureStage(rich);
  stage.world.publish('v2', {});
  stage.world.edge.onExchange(({ operation, request, answer }) => {
    if (!operation.startsWith('arm:')) return;
    const headers = Object.entries(answer.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]);
    into.push({
      operation: operation.slice('arm:'.length),
      request: { body: request.body.toString() },
      answer: { status: answer.status, headers: Object.fromEntries(headers), body: String(answer.body ?? '') },
    });
  });
  await stage.order(tellEverything(stage));
  const replica = stage.world.azure.findRevision(APP, 'v4').replicas[0]?.name ?? '';
  await stage.order([{ call: 'containerAppsRevisionReplicas.getReplica', args: [APP, 'agent--v4', replica] }]);
  await stage.close();
}
