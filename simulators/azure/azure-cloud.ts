import type { ImageSource } from '../behaviour.ts';
import type { SimulatedHost, TimeSource } from '../edge/host.ts';
import { EventQueue } from '../event-queue.ts';
import type { ReadAssertion } from '../github/oidc.ts';
import { type JsonObject, objectsAt } from '../json.ts';
import type { ManagedCluster } from '../managed-cluster.ts';
import { SimulatedRegistry } from '../registry/registry.ts';
import { AzureAccess, type Principal, type RoleAssignment } from './access.ts';
import { registryRoutes } from './acr/registries.ts';
import type { ArmRegistry } from './acr/state.ts';
import { type AppOptions, addApp } from './add-app.ts';
import { AKS_SERVER_ID, aksRoutes } from './aks.ts';
import { changeApp } from './apps/change-app.ts';
import { createIngressHost } from './apps/ingress-host.ts';
import { revisionRoutes } from './apps/revision-routes.ts';
import { appRoutes } from './apps/routes.ts';
import type { AppStaging, ContainerApp, Revision, ServedRequest } from './apps/state.ts';
import { appHost, labelHost, revisionHost } from './apps/view-app.ts';
import { createArmHost } from './arm-host.ts';
import { type Application, createEntra, type FederatedCredential, issueToken } from './entra.ts';
import { Identifiers } from './identifiers.ts';
import { mergePatch } from './json-merge-patch.ts';
import { createLogStream } from './log-stream.ts';
import { Operations } from './operations.ts';
import { snapshotOf } from './snapshot.ts';
import { subscriptionRoutes } from './subscription-routes.ts';
import type { AzureWorld } from './world.ts';

export interface AzureCloudOptions {
  readonly clock: TimeSource;
  readonly images: ImageSource;
  /** What the jobs' token issuer says of a token of its own; null: it isn't. */
  readonly readAssertion?: ReadAssertion;
  /** Whom the deploying application trusts. */
  readonly federatedCredentials?: readonly FederatedCredential[];
  /** Registries that an import can reach. */
  readonly outside?: readonly SimulatedHost[];
}

export interface AddedApp {
  readonly id: string;
  /** Base address by weight, of a revision, of a label. */
  readonly url: string;
}

/** What a test may set in the middle of things. */
export interface AppChanges extends Partial<AppStaging> {
  readonly provisioningState?: ContainerApp['provisioningState'];
  readonly runningStatus?: ContainerApp['runningStatus'];
  /** Merged into the document, without a revision, an operation or a trace. */
  readonly document?: JsonObject;
}

export const TENANT = '7a1f7c1e-0000-4000-8000-00000000acce';
export const SUBSCRIPTION = '5ab50000-0000-4000-8000-0000000000aa';
export const RESOURCE_GROUP = 'production';
export const CLIENT_ID = 'c11e0000-0000-4000-8000-0000000000bb';
export const CLIENT_SECRET = 'simulated~Client.Secret';
export const REGISTRY_HOST = 'acme.azurecr.io';

const ANOTHER_USER: Principal = {
  clientId: 'dana@acme.dev',
  objectId: 'd0000000-0000-4000-8000-0000000000dd',
  kind: 'User',
};
const HOUR_MS = 3_600_000;
const LOCATION = 'westeurope';

/** One simulated tenant with one subscription. Its state is a function of the clock's time. */
export class AzureCloud {
  /** ARM, Entra, the log stream, the registry, and the addresses of the apps that run here. */
  readonly hosts: readonly SimulatedHost[];
  /** All calls that ARM can answer, named as for faults: `arm:ContainerApps_Update`. */
  readonly operations: readonly string[];
  readonly acr: SimulatedRegistry;
  /** Everything that lives in Container Apps, to look at. */
  readonly apps: readonly ContainerApp[];
  /** Of access tokens from now on. */
  tokenLifetimeMs = HOUR_MS;
  readonly #clock: TimeSource;
  readonly #world: AzureWorld;
  readonly #application: Application;

  constructor(options: AzureCloudOptions) {
    const { clock, images } = options;
    this.#clock = clock;
    this.#application = {
      ...{
        clientId: CLIENT_ID,
        objectId: '0b1ec700-0000-4000-8000-0000000000cc',
        kind: 'Application',
        secret: CLIENT_SECRET,
      },
      federatedCredentials: options.federatedCredentials ?? [],
    };
    this.#world = {
      ...{ tenant: TENANT, subscription: SUBSCRIPTION, subscriptionName: 'acme production', location: LOCATION },
      ...{ queue: new EventQueue(clock.now()), ids: new Identifiers(), images, operations: new Operations() },
      ...{ access: new AzureAccess(TENANT), environments: [], apps: [], registries: [] },
      managedClusters: new Map(),
      resourceGroups: new Set([RESOURCE_GROUP]),
    };
    this.apps = this.#world.apps;
    this.acr = this.#createRegistry();
    this.#world.registries.push(this.#describeRegistry(options.outside ?? []));
    const routes = [...appRoutes, ...revisionRoutes, ...registryRoutes, ...subscriptionRoutes, ...aksRoutes];
    this.operations = routes.map(({ operation }) => `arm:${operation}`);
    this.hosts = [createArmHost(this.#world, clock, routes), ...this.#createOtherHosts(options)];
  }

  addApp(options: Omit<AppOptions, 'resourceGroup'> & { readonly resourceGroup?: string }): AddedApp {
    this.#advance();
    const app = addApp(this.#world, { resourceGroup: RESOURCE_GROUP, ...options });
    return { id: app.id, url: `https://${appHost(app)}` };
  }

  /** To look at, and for what only a test does. */
  findApp(name: string): ContainerApp {
    this.#advance();
    const found = this.#world.apps.find((app) => app.name === name);
    if (!found) throw new Error(`there is no app ${name}`);
    return found;
  }

  findRevision(name: string, which: string): Revision {
    const found = this.findApp(name).revisions.find((revision) => [revision.name, revision.suffix].includes(which));
    if (!found) throw new Error(`there is no revision ${which} of ${name}`);
    return found;
  }

  revisionUrl(name: string, which: string): string {
    return `https://${revisionHost(this.findApp(name), this.findRevision(name, which))}`;
  }

  labelUrl(name: string, label: string): string {
    return `https://${labelHost(this.findApp(name), label)}`;
  }

  /** Every request that came to the app from outside, and which revision served it. */
  requestsOf(name: string): readonly ServedRequest[] {
    return this.findApp(name).requests;
  }

  /** `az containerapp update --image` by another user, now. */
  foreignDeploy(name: string, image: string): void {
    const app = this.findApp(name);
    const [first, ...rest] = objectsAt(app.document, 'properties', 'template', 'containers');
    this.foreignChange(name, {
      properties: { template: { revisionSuffix: null, containers: [{ ...first, image }, ...rest] } },
    });
  }

  /** `az containerapp ingress traffic set` by another user, now: entries as in `ingress.traffic`. */
  foreignTraffic(name: string, traffic: readonly JsonObject[]): void {
    this.foreignChange(name, { properties: { configuration: { ingress: { traffic } } } });
  }

  /** A PATCH by another user. @throws ArmError as ARM refuses it. */
  foreignChange(name: string, patch: JsonObject): void {
    const app = this.findApp(name);
    changeApp(this.#world, app, { document: mergePatch(app.document, patch) as JsonObject, principal: ANOTHER_USER });
  }

  setApp(name: string, changes: AppChanges): void {
    const app = this.findApp(name);
    const { provisioningState, runningStatus, document, ...staging } = changes;
    app.provisioningState = provisioningState ?? app.provisioningState;
    app.runningStatus = runningStatus ?? app.runningStatus;
    if (document) app.document = mergePatch(app.document, document) as JsonObject;
    Object.assign(app.staging, staging);
  }

  /** An action that the caller's roles lack: `Microsoft.App/containerApps/write`; `*`: all of them. */
  deny(action: string): void {
    this.#world.access.denied.add(action);
  }

  allow(action: string): void {
    this.#world.access.denied.delete(action);
  }

  /** From now on the caller may do what these assignments allow and no more; null: everything. @returns what it uses and is refused */
  enforce(assignments: readonly RoleAssignment[] | null): {
    readonly used: ReadonlySet<string>;
    readonly refused: readonly string[];
  } {
    this.#world.access.assignments = assignments;
    return this.#world.access;
  }

  /** Every token so far is worth nothing from now on. */
  revokeTokens(): void {
    this.#world.access.forgetTokens();
  }

  /** Whom the deploying application trusts from now on. */
  trust(federatedCredentials: readonly FederatedCredential[]): void {
    this.#application.federatedCredentials = federatedCredentials;
  }

  /** A token of the deploying application, for a client that is handed one. */
  issueToken(audience = 'https://management.azure.com'): string {
    this.#advance();
    return issueToken(this.#world, { audience, principal: this.#application, lifetimeMs: this.tokenLifetimeMs }).text;
  }

  addAksCluster(cluster: ManagedCluster): void {
    this.#world.managedClusters.set(cluster.name, cluster);
  }

  /** For a cluster's API server: is it a token for AKS that is good now? */
  acceptsAksToken(token: string): boolean {
    return this.#world.access.findToken(token, this.#clock.now())?.audience === AKS_SERVER_ID;
  }

  /** How long an import takes from now on. */
  setImport(importMs: number): void {
    for (const registry of this.#world.registries) registry.importMs = importMs;
  }

  snapshot(name: string): JsonObject {
    return snapshotOf(this.findApp(name));
  }

  #createRegistry(): SimulatedRegistry {
    const { access } = this.#world;
    const audiences = ['https://management.azure.com', 'https://containerregistry.azure.net'];
    const permits = (grant: string): boolean => {
      const isPush = grant.endsWith(':push');
      const action = `Microsoft.ContainerRegistry/registries/${isPush ? 'push/write' : 'pull/read'}`;
      return !access.isDenied(action, this.#world.registries[0]?.id ?? '');
    };
    const accepts = (text: string): boolean =>
      audiences.includes(access.findToken(text, this.#clock.now())?.audience ?? '');
    return new SimulatedRegistry({
      hostnames: [REGISTRY_HOST],
      clock: this.#clock,
      auth: { kind: 'acr', accepts, permits },
      createOnPush: true,
      redirectBlobsTo: 'weumanaged7.blob.core.windows.net',
      mount: 'allow',
    });
  }

  #describeRegistry(outside: readonly SimulatedHost[]): ArmRegistry {
    const name = REGISTRY_HOST.split('.')[0]!;
    return {
      id: `/subscriptions/${SUBSCRIPTION}/resourceGroups/${RESOURCE_GROUP}/providers/Microsoft.ContainerRegistry/registries/${name}`,
      name,
      resourceGroup: RESOURCE_GROUP,
      createdAt: this.#clock.now(),
      store: this.acr,
      outside,
      importMs: 6_000,
    };
  }

  #createOtherHosts({ clock, readAssertion = () => null }: AzureCloudOptions): readonly SimulatedHost[] {
    const world = this.#world;
    const applications = [this.#application];
    const tokenLifetimeMs = (): number => this.tokenLifetimeMs;
    return [
      createEntra({ world, clock, applications, readAssertion, tokenLifetimeMs }),
      createLogStream(world, clock),
      this.acr,
      createIngressHost(world, clock),
    ];
  }

  #advance(): void {
    this.#world.queue.advanceTo(this.#clock.now());
  }
}
