import { at, type Json, type JsonObject, objectAt, objectsAt } from '../../json.ts';
import { toTime } from '../arm-time.ts';
import type { AzureWorld } from '../world.ts';
import { latest, latestReady } from './find.ts';
import { healthStateOf, runningStateOf } from './revision-state.ts';
import type { ContainerApp, Environment, Replica, ReplicaContainer, Revision } from './state.ts';
import { weightInForce } from './traffic.ts';

/** What GET says with null where nothing was set: https://github.com/microsoft/azure-container-apps/issues/1174 */
const UNSET_CONFIGURATION = { secrets: null, registries: null, dapr: null, runtime: null, service: null };
const UNSET_INGRESS = {
  exposedPort: 0,
  transport: 'Auto',
  customDomains: null,
  allowInsecure: false,
  ipSecurityRestrictions: null,
  corsPolicy: null,
  clientCertificateMode: null,
  stickySessions: null,
  additionalPortMappings: null,
};
const UNSET_TEMPLATE = {
  revisionSuffix: '',
  terminationGracePeriodSeconds: null,
  initContainers: null,
  volumes: null,
  serviceBinds: null,
};

/** GET of the app. Values of secrets are left out. */
export function viewApp(world: AzureWorld, app: ContainerApp): JsonObject {
  const { document } = app;
  const properties = objectAt(document, 'properties');
  const [newest, ready] = [latest(app), latestReady(app)];
  return {
    ...document,
    id: app.id,
    name: app.name,
    type: 'Microsoft.App/containerApps',
    systemData: {
      createdBy: app.createdBy,
      createdByType: 'User',
      createdAt: toTime(app.createdAt),
      lastModifiedBy: app.lastModifiedBy,
      lastModifiedByType: app.lastModifiedByType,
      lastModifiedAt: toTime(app.lastModifiedAt),
    },
    properties: {
      ...properties,
      provisioningState: app.provisioningState,
      runningStatus: app.runningStatus,
      latestRevisionName: newest?.name ?? '',
      latestReadyRevisionName: ready?.name ?? '',
      ...(newest ? { latestRevisionFqdn: revisionHost(app, newest) } : {}),
      customDomainVerificationId: 'A3C05F20D6B8F1E2A3C05F20D6B8F1E2A3C05F20D6B8F1E2A3C05F20D6B8F1E2',
      outboundIpAddresses: ['20.0.113.7'],
      eventStreamEndpoint: `https://${world.location}.azurecontainerapps.dev${app.id}/eventstream`,
      configuration: viewConfiguration(app),
      template: viewTemplate(objectAt(properties, 'template')),
    },
  };
}

export function viewRevision(app: ContainerApp, revision: Revision): JsonObject {
  return {
    id: `${app.id}/revisions/${revision.name}`,
    name: revision.name,
    type: 'Microsoft.App/containerapps/revisions',
    properties: {
      createdTime: toTime(revision.createdAt),
      ...(revision.lastRequestAt === null ? {} : { lastActiveTime: toTime(revision.lastRequestAt) }),
      ...(hasIngress(app) ? { fqdn: revisionHost(app, revision) } : {}),
      template: viewTemplate(revision.template),
      active: revision.active,
      replicas: revision.replicas.length,
      trafficWeight: weightInForce(app, revision),
      ...(revision.provisioningError === null ? {} : { provisioningError: revision.provisioningError }),
      healthState: healthStateOf(revision, app.staging),
      provisioningState: revision.provisioningState,
      runningState: runningStateOf(revision, app.staging),
    },
  };
}

export function viewReplica(
  world: AzureWorld,
  app: ContainerApp,
  { revision, replica }: { readonly revision: Revision; readonly replica: Replica },
): JsonObject {
  const id = `${app.id}/revisions/${revision.name}/replicas/${replica.name}`;
  const isRunning = replica.containers.every(({ state }) => state === 'Running');
  return {
    id,
    name: replica.name,
    type: 'Microsoft.App/containerapps/revisions/replicas',
    properties: {
      createdTime: toTime(replica.createdAt),
      runningState: isRunning ? 'Running' : 'NotRunning',
      runningStateDetails: '',
      containers: replica.containers.map((container) => viewContainer(world, id, container)),
    },
  };
}

export function appHost(app: ContainerApp): string {
  return hostOf(app, app.name);
}

export function revisionHost(app: ContainerApp, revision: Revision): string {
  return hostOf(app, revision.name);
}

export function labelHost(app: ContainerApp, label: string): string {
  return hostOf(app, `${app.name}---${label}`);
}

export function viewEnvironment(world: AzureWorld, environment: Environment): JsonObject {
  return {
    id: environment.id,
    name: environment.name,
    type: 'Microsoft.App/managedEnvironments',
    location: world.location,
    properties: {
      provisioningState: 'Succeeded',
      defaultDomain: environment.domain,
      staticIp: environment.internal ? '10.0.0.7' : '20.0.113.8',
      vnetConfiguration: { internal: environment.internal },
      publicNetworkAccess: environment.closed ? 'Disabled' : 'Enabled',
      zoneRedundant: false,
    },
  };
}

function viewContainer(world: AzureWorld, replicaId: string, container: ReplicaContainer): JsonObject {
  const base = `https://${world.location}.azurecontainerapps.dev${replicaId}/containers/${container.name}`;
  return {
    name: container.name,
    containerId: container.id,
    ready: container.ready,
    started: container.state === 'Running',
    restartCount: container.restartCount,
    runningState: container.state,
    runningStateDetails: container.details,
    logStreamEndpoint: `${base}/logstream`,
    execEndpoint: `${base.replace('https:', 'wss:')}/exec`,
  };
}

function viewConfiguration(app: ContainerApp): JsonObject {
  const configuration = objectAt(app.document, 'properties', 'configuration');
  const secrets = objectsAt(configuration, 'secrets').map(hideValue);
  const ingress: Json = hasIngress(app)
    ? { ...UNSET_INGRESS, ...objectAt(configuration, 'ingress'), fqdn: appHost(app) }
    : null;
  return {
    activeRevisionsMode: 'Single',
    maxInactiveRevisions: 100,
    ...UNSET_CONFIGURATION,
    ...configuration,
    ingress,
    ...(secrets.length === 0 ? {} : { secrets }),
  };
}

/** A reference to Key Vault is no secret. */
function hideValue(secret: JsonObject): JsonObject {
  const { value: _, ...shown } = secret;
  return shown;
}

function viewTemplate(template: JsonObject): JsonObject {
  return { ...UNSET_TEMPLATE, ...template };
}

function hasIngress(app: ContainerApp): boolean {
  const ingress = at(app.document, 'properties', 'configuration', 'ingress');
  return ingress !== undefined && ingress !== null;
}

/** An app whose ingress isn't external has `.internal` between its name and the domain. */
function hostOf(app: ContainerApp, name: string): string {
  const external = at(app.document, 'properties', 'configuration', 'ingress', 'external') === true;
  return `${name}${external ? '' : '.internal'}.${app.environment.domain}`;
}
