import type { JsonObject } from '../json.ts';
import { homeOf, withoutComputed } from './apps/change-app.ts';
import { checkDocument } from './apps/check-app.ts';
import { activate, scaleOf } from './apps/revision-life.ts';
import {
  type AppStaging,
  type ContainerApp,
  type Environment,
  type Mode,
  type Revision,
  usualStaging,
} from './apps/state.ts';
import { applyTraffic } from './apps/traffic.ts';
import { mergePatch } from './json-merge-patch.ts';
import type { AzureWorld } from './world.ts';

export interface AppOptions {
  readonly name: string;
  readonly resourceGroup: string;
  /** Of the only container, which is named as the app. Absent: `template` says everything. */
  readonly image?: string;
  /** Default: `Multiple`. */
  readonly mode?: Mode;
  /** Default 1 and 10. */
  readonly minReplicas?: number;
  readonly maxReplicas?: number;
  /** Of the first revision; absent: the platform chooses one. */
  readonly revisionSuffix?: string;
  /** Merged into the template, the configuration, the ingress (null: no ingress) and the whole document. */
  readonly template?: JsonObject;
  readonly configuration?: JsonObject;
  readonly ingress?: JsonObject | null;
  readonly document?: JsonObject;
  /** The auth config `current` (Easy Auth): its properties. */
  readonly auth?: JsonObject;
  /** The environment has no address on the Internet. */
  readonly internalEnvironment?: boolean;
  /** Its public network access is off. */
  readonly closedEnvironment?: boolean;
  readonly staging?: Partial<AppStaging>;
}

/** A steady app with one revision that has been running for a while. */
export function addApp(world: AzureWorld, options: AppOptions): ContainerApp {
  world.resourceGroups.add(options.resourceGroup);
  const environment = ensureEnvironment(world, options);
  const app = createApp(world, options, environment);
  world.apps.push(app);
  const template = (app.document['properties'] as JsonObject)['template'] as JsonObject;
  const suffix = options.revisionSuffix ?? world.ids.suffix(7);
  const revision: Revision = {
    ...{ name: `${app.name}--${suffix}`, suffix, createdAt: world.queue.now, template },
    ...{ active: true, provisioningState: 'Provisioning', provisioningError: null, replicas: [] },
    ...{ wasReady: false, activationFailed: false, lastRequestAt: null, generation: 0 },
  };
  app.revisions.push(revision);
  checkDocument(world, app, app.document);
  settle(world, app, revision);
  applyTraffic(world, app, null);
  return app;
}

/** As it is an hour later: everything runs, or nothing does where nothing has to. */
function settle(world: AzureWorld, app: ContainerApp, revision: Revision): void {
  const { pullMs } = app.staging;
  app.staging.pullMs = 0;
  activate(homeOf(world, app), revision);
  world.queue.advanceTo(world.queue.now);
  app.staging.pullMs = pullMs;
  for (const container of revision.replicas.flatMap(({ containers }) => containers)) {
    if (container.state !== 'Running') throw new Error(`${container.image} does not run: ${container.details}`);
    container.startedAt = world.queue.now - SETTLED_FOR_MS;
    container.ready = true;
  }
  if (scaleOf(revision).minReplicas === 0) revision.replicas = [];
  revision.wasReady = true;
  revision.provisioningState = 'Provisioned';
}

const SETTLED_FOR_MS = 3_600_000;

function createApp(world: AzureWorld, options: AppOptions, environment: Environment): ContainerApp {
  const { name, resourceGroup } = options;
  const now = world.queue.now;
  return {
    id: `/subscriptions/${world.subscription}/resourceGroups/${resourceGroup}/providers/Microsoft.App/containerApps/${name}`,
    name,
    resourceGroup,
    environment,
    document: withoutComputed(writeDocument(world, options, environment)),
    provisioningState: 'Succeeded',
    runningStatus: 'Running',
    createdAt: now,
    createdBy: 'ops@acme.dev',
    lastModifiedAt: now,
    lastModifiedBy: 'ops@acme.dev',
    lastModifiedByType: 'User',
    revisions: [],
    traffic: [],
    mode: options.mode ?? 'Multiple',
    operation: null,
    authConfigs: new Map(options.auth ? [['current', viewAuthConfig(world, options)]] : []),
    staging: { ...usualStaging, ...options.staging },
    requests: [],
  };
}

function writeDocument(world: AzureWorld, options: AppOptions, environment: Environment): JsonObject {
  const { name, image, mode = 'Multiple', minReplicas = 1, maxReplicas = 10, revisionSuffix } = options;
  const container = { name, image: image ?? '', resources: { cpu: 0.5, memory: '1Gi' } };
  const usual: JsonObject = {
    location: world.location,
    identity: { type: 'SystemAssigned', principalId: '5e1f0c7a-0000-4000-8000-000000000001', tenantId: world.tenant },
    properties: {
      managedEnvironmentId: environment.id,
      environmentId: environment.id,
      workloadProfileName: 'Consumption',
      configuration: {
        activeRevisionsMode: mode,
        registries: [{ server: 'acme.azurecr.io', username: '', passwordSecretRef: '', identity: 'system' }],
        ingress: {
          external: true,
          targetPort: 8080,
          transport: 'Auto',
          traffic: [{ weight: 100, latestRevision: true }],
        },
      },
      template: {
        ...(revisionSuffix === undefined ? {} : { revisionSuffix }),
        containers: [container],
        scale: { minReplicas, maxReplicas },
      },
    },
  };
  const more: JsonObject = {
    properties: {
      configuration: {
        ...options.configuration,
        ...(options.ingress === undefined ? {} : { ingress: options.ingress }),
      },
      template: options.template,
    },
  };
  return mergePatch(mergePatch(usual, withoutAbsent(more)), options.document ?? {}) as JsonObject;
}

function withoutAbsent(value: JsonObject): JsonObject {
  return JSON.parse(JSON.stringify(value)) as JsonObject;
}

function ensureEnvironment(world: AzureWorld, options: AppOptions): Environment {
  const { resourceGroup, internalEnvironment = false, closedEnvironment = false } = options;
  const name = internalEnvironment ? 'private' : 'production';
  const found = world.environments.find((environment) => environment.name === name);
  if (found) return found;
  const environment: Environment = {
    id: `/subscriptions/${world.subscription}/resourceGroups/${resourceGroup}/providers/Microsoft.App/managedEnvironments/${name}`,
    name,
    resourceGroup,
    domain: `${internalEnvironment ? 'quietriver' : 'happyforest'}-1a2b3c4d.${world.location}.azurecontainerapps.io`,
    internal: internalEnvironment,
    closed: closedEnvironment,
  };
  world.environments.push(environment);
  return environment;
}

function viewAuthConfig(world: AzureWorld, { name, resourceGroup, auth = {} }: AppOptions): JsonObject {
  return {
    id: `/subscriptions/${world.subscription}/resourceGroups/${resourceGroup}/providers/Microsoft.App/containerApps/${name}/authConfigs/current`,
    name: 'current',
    type: 'Microsoft.App/containerapps/authconfigs',
    properties: auth,
  };
}
