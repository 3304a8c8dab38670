import type { ImageSource } from '../behaviour.ts';
import type { SimulatedHost, TimeSource } from '../edge/host.ts';
import { EventQueue } from '../event-queue.ts';
import type { JsonObject } from '../json.ts';
import type { ManagedCluster } from '../managed-cluster.ts';
import { type Access, denialOf } from './access.ts';
import { type Api, createApiHost } from './api-host.ts';
import { createApis } from './apis.ts';
import { Ecr } from './ecr.ts';
import { addService, type ServiceOptions } from './ecs/add-service.ts';
import { findService, findTaskDefinition } from './ecs/find.ts';
import { startRollout } from './ecs/rollout.ts';
import { reconcile } from './ecs/scheduler.ts';
import type { Service, Staging, TaskDefinition } from './ecs/state.ts';
import { addTaskDefinition } from './ecs/task-definitions.ts';
import { createEksHost, type Eks, isEksToken } from './eks.ts';
import { Identifiers } from './identifiers.ts';
import { readObjects } from './json.ts';
import { createLoadBalancer } from './load-balancer.ts';
import { Logs } from './logs.ts';
import type { Policy } from './policy.ts';
import { snapshotOf } from './snapshot.ts';
import type { AwsWorld } from './world.ts';

export interface AwsCloudOptions {
  readonly clock: TimeSource;
  readonly images: ImageSource;
  readonly account?: string;
  readonly region?: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface AddedService {
  readonly arn: string;
  readonly taskDefinition: string;
  /** Base address of its load balancer; null: it has none. */
  readonly url: string | null;
}

/** A call as it came over the wire. */
export interface WireCall {
  readonly at: number;
  readonly operation: string;
  readonly body: string;
}

/** What a test may set in the middle of things. */
export interface ServiceChanges extends Partial<Staging> {
  readonly status?: Service['status'];
  readonly desiredCount?: number;
  /** Members that replace those of before. */
  readonly deploymentConfiguration?: JsonObject;
  /** Raw members of the service. */
  readonly extras?: JsonObject;
}

/** One simulated account in one region. Its state is a function of the clock's time. */
export class AwsCloud {
  /** AWS's own end points, and the addresses of the workloads that run here. */
  readonly hosts: readonly SimulatedHost[];
  /** All calls that it can answer, named as for faults: `ecs:UpdateService`. */
  readonly operations: readonly string[];
  /** Everything that lives in ECS, to look at. */
  readonly ecs: { readonly services: readonly Service[]; readonly taskDefinitions: readonly TaskDefinition[] };
  readonly #clock: TimeSource;
  readonly #world: AwsWorld;
  readonly #ecr: Ecr;
  readonly #access: Access;
  readonly #eks: Eks;
  readonly #wireLog: WireCall[] = [];

  constructor(options: AwsCloudOptions) {
    const { clock, images, account = '123456789012', region = 'eu-west-1' } = options;
    const { accessKeyId, secretAccessKey, sessionToken } = options;
    this.#clock = clock;
    this.#world = {
      ...{ account, region, images, clusters: new Set(), services: [], taskDefinitions: [] },
      ...{ queue: new EventQueue(clock.now()), ids: new Identifiers(), logs: new Logs(), missingSecrets: new Set() },
    };
    this.#ecr = new Ecr({ account, region });
    const credentials = { accessKeyId, secretAccessKey, sessionToken };
    this.#access = { credentials, account, region, denied: new Set(), role: null, refused: [], expiresAt: null };
    this.#eks = { clusters: new Map(), access: this.#access, clock };
    const apis = createApis({ world: this.#world, ecr: this.#ecr, access: this.#access });
    this.hosts = this.#createHosts(apis);
    this.operations = apis.flatMap(({ protocol, operations }) =>
      Object.keys(operations).map((operation) => `${protocol.service}:${operation}`),
    );
    this.ecs = this.#world;
  }

  addService(options: ServiceOptions): AddedService {
    this.#advance();
    const { arn, taskDefinition, targetGroup } = addService(this.#world, options);
    return { arn, taskDefinition: taskDefinition.arn, url: targetGroup && `https://${targetGroup.dnsName}` };
  }

  /** Every call that took effect or may have, with its raw body. */
  get wireLog(): readonly WireCall[] {
    return this.#wireLog;
  }

  /** An UpdateService call by another user, now: an image for the service's main container, or a task definition's ARN. */
  foreignDeploy(cluster: string, service: string, what: string): void {
    const found = this.#find(cluster, service);
    const taskDefinition = what.includes(':task-definition/')
      ? findTaskDefinition(this.#world, what)
      : addTaskDefinition(this.#world, withImage(found, what));
    if (!taskDefinition) throw new Error(`there is no task definition ${what}`);
    startRollout(this.#world, found, taskDefinition);
  }

  setService(cluster: string, service: string, changes: ServiceChanges): void {
    const found = this.#find(cluster, service);
    const { status, desiredCount, deploymentConfiguration, extras, ...staging } = changes;
    found.status = status ?? found.status;
    found.desiredCount = desiredCount ?? found.desiredCount;
    found.deploymentConfiguration = { ...found.deploymentConfiguration, ...deploymentConfiguration };
    found.extras = { ...found.extras, ...extras };
    Object.assign(found.staging, staging);
    reconcile(this.#world, found);
  }

  /** RegisterTaskDefinition by another user, now, as Terraform does it: nothing runs it. @returns its ARN */
  foreignTaskDefinition(cluster: string, service: string, changes: JsonObject): string {
    const { document } = this.#find(cluster, service).taskDefinition;
    return addTaskDefinition(this.#world, { ...document, ...changes }).arn;
  }

  /** As DeregisterTaskDefinition: what runs keeps running, a new rollout of it is refused. */
  deregisterTaskDefinition(arn: string): void {
    this.#advance();
    const found = findTaskDefinition(this.#world, arn);
    if (!found) throw new Error(`there is no task definition ${arn}`);
    found.status = 'INACTIVE';
    found.deregisteredAt = this.#world.queue.now;
  }

  /** Tasks that refer to this secret can't start from now on. */
  removeSecret(reference: string): void {
    this.#world.missingSecrets.add(reference);
  }

  /** An IAM action that the caller's role lacks: `ecs:StopServiceDeployment`. */
  deny(action: string): void {
    this.#access.denied.add(action);
  }

  allow(action: string): void {
    this.#access.denied.delete(action);
  }

  /** From now on the caller may do what this policy grants and no more; null: everything. @returns what it uses and is refused */
  enforce(policy: Policy | null): { readonly used: ReadonlySet<string>; readonly refused: readonly string[] } {
    const used = new Set<string>();
    this.#access.role = policy && { policy, used };
    return { used, refused: this.#access.refused };
  }

  /** The caller's session ends then, in milliseconds since 1970; null: never. */
  expireCredentialsAt(timeMs: number | null): void {
    this.#access.expiresAt = timeMs;
  }

  /** A registry password as GetAuthorizationToken gives it, for a client that is handed one. */
  issuePassword(): string {
    return this.#ecr.issuePassword(this.#clock.now());
  }

  /** For the account's registry: a password that GetAuthorizationToken gave out in the last 12 hours. */
  acceptsPassword(password: string): boolean {
    return this.#ecr.acceptsPassword(password, this.#clock.now());
  }

  /** For the account's registry: why the caller may not do this in a repository; null: it may. */
  denialInRegistry(action: string, repository: string): string | null {
    const { account, region } = this.#access;
    return denialOf(this.#access, { action, resource: `arn:aws:ecr:${region}:${account}:repository/${repository}` });
  }

  addEksCluster(cluster: ManagedCluster): void {
    this.#eks.clusters.set(cluster.name, cluster);
  }

  /** For a cluster's API server: is it a token of this account for it? */
  acceptsEksToken(cluster: string, token: string): boolean {
    return isEksToken(this.#eks, cluster, token);
  }

  snapshot(cluster: string, service: string): JsonObject {
    return snapshotOf(this.#world, this.#find(cluster, service));
  }

  #createHosts(apis: readonly Api[]): readonly SimulatedHost[] {
    const [world, clock, access] = [this.#world, this.#clock, this.#access];
    const onCall = (operation: string, body: string): void => {
      this.#wireLog.push({ at: clock.now(), operation, body });
    };
    return [
      ...apis.map((api) => createApiHost({ api, world, clock, access, onCall })),
      createLoadBalancer(world, clock),
      createEksHost(this.#eks),
    ];
  }

  #find(cluster: string, name: string): Service {
    this.#advance();
    const found = findService(this.#world, cluster, name);
    if (!found) throw new Error(`there is no service ${name} in the cluster ${cluster}`);
    return found;
  }

  #advance(): void {
    this.#world.queue.advanceTo(this.#clock.now());
  }
}

function withImage({ taskDefinition, targetGroup }: Service, image: string): JsonObject {
  const containers = readObjects(taskDefinition.document, 'containerDefinitions');
  const main = targetGroup?.container ?? containers.find(({ essential }) => essential !== false)?.['name'];
  return {
    ...taskDefinition.document,
    ...(taskDefinition.tags.length > 0 ? { tags: taskDefinition.tags } : {}),
    containerDefinitions: containers.map((container) =>
      container['name'] === main ? { ...container, image } : container,
    ),
  };
}
