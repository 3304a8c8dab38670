import type { Behaviour } from '../../behaviour.ts';
import type { JsonObject } from '../../json.ts';

export interface TaskDefinition {
  readonly arn: string;
  readonly family: string;
  readonly revision: number;
  /** As it was registered, unknown members included, without the tags. */
  readonly document: JsonObject;
  readonly tags: readonly JsonObject[];
  /** ARN of the principal. */
  readonly registeredBy: string;
  status: 'ACTIVE' | 'INACTIVE';
  readonly registeredAt: number;
  deregisteredAt: number | null;
}

export interface ServiceRevision {
  readonly arn: string;
  readonly taskDefinition: TaskDefinition;
  readonly createdAt: number;
  /** Container -> digest of the first pull: later tasks of this revision run the same image although a tag moved. */
  readonly digests: Map<string, string>;
}

export type ServiceDeploymentStatus =
  | 'PENDING'
  | 'IN_PROGRESS'
  | 'STOP_REQUESTED'
  | 'STOPPED'
  | 'ROLLBACK_REQUESTED'
  | 'ROLLBACK_IN_PROGRESS'
  | 'ROLLBACK_SUCCESSFUL'
  | 'ROLLBACK_FAILED'
  | 'SUCCESSFUL';

/** The record of one rollout that stays after it, and that callers wait for. */
export interface ServiceDeployment {
  readonly arn: string;
  readonly createdAt: number;
  startedAt: number | null;
  finishedAt: number | null;
  stoppedAt: number | null;
  updatedAt: number;
  status: ServiceDeploymentStatus;
  statusReason: string | null;
  readonly sources: readonly { readonly revision: ServiceRevision; readonly taskCount: number }[];
  readonly target: ServiceRevision;
  rollback: { readonly reason: string; readonly startedAt: number; readonly revision: ServiceRevision } | null;
  failureCount: number;
  breakerTriggered: boolean;
}

/** One entry of a service's `deployments`: what the scheduler works on. */
export interface Deployment {
  readonly id: string;
  readonly revision: ServiceRevision;
  readonly record: ServiceDeployment;
  readonly createdAt: number;
  updatedAt: number;
  status: 'PRIMARY' | 'ACTIVE';
  rolloutState: 'IN_PROGRESS' | 'COMPLETED' | 'FAILED';
  rolloutStateReason: string;
  /** Failures in a row: a healthy task sets it to 0. */
  failedTasks: number;
  /** The scheduler starts no task of this deployment before. */
  startsAfter: number;
  steadySince: number | null;
}

export interface TaskContainer {
  readonly name: string;
  readonly image: string;
  readonly essential: boolean;
  readonly definition: JsonObject;
  readonly runtimeId: string;
  digest: string | null;
  behaviour: Behaviour | null;
  lastStatus: 'PENDING' | 'RUNNING' | 'STOPPED';
  startedAt: number | null;
  exitCode: number | null;
  reason: string | null;
  /** Requests from outside so far; health checks don't count. */
  requests: number;
}

/** Something that looks at a task again and again until it knows whether the task is healthy. */
export interface Probe {
  /** `target` the load balancer's, `container` the task definition's, `settle` neither: running for a while is enough. */
  readonly kind: 'target' | 'container' | 'settle';
  readonly container: TaskContainer;
  readonly intervalMs: number;
  readonly healthyThreshold: number;
  readonly unhealthyThreshold: number;
  /** Failures before this time are not counted (start period). */
  readonly countsFrom: number;
  passes: number;
  failures: number;
  state: 'initial' | 'healthy' | 'unhealthy';
  /** What the last failed check saw. */
  failure: { readonly reason: string; readonly description: string } | null;
}

export type TaskStatus = 'PROVISIONING' | 'PENDING' | 'RUNNING' | 'DEACTIVATING' | 'DEPROVISIONING' | 'STOPPED';

export interface Task {
  readonly id: string;
  readonly arn: string;
  readonly ip: string;
  readonly createdAt: number;
  readonly revision: ServiceRevision;
  /** The deployment that started it. */
  readonly startedBy: string;
  /** The deployment that it counts for: a rollback adopts tasks of the revision that it restores. */
  deployment: Deployment;
  desiredStatus: 'RUNNING' | 'STOPPED';
  lastStatus: TaskStatus;
  pullStartedAt: number | null;
  pullStoppedAt: number | null;
  startedAt: number | null;
  stoppingAt: number | null;
  executionStoppedAt: number | null;
  stoppedAt: number | null;
  /** It stopped because something is wrong with it, not because it was no longer wanted. */
  failed: boolean;
  stopCode: string | null;
  stoppedReason: string | null;
  readonly containers: readonly TaskContainer[];
  probes: Probe[];
  /** Registered with the target group; while draining it gets no new requests. */
  target: 'none' | 'registered' | 'draining';
}

export interface TargetGroup {
  readonly arn: string;
  readonly name: string;
  readonly loadBalancerArn: string;
  readonly loadBalancerName: string;
  readonly listenerArn: string;
  readonly dnsName: string;
  /** Of the load balancer's only listener, on the protocol's usual port. */
  readonly listenerProtocol: 'HTTP' | 'HTTPS';
  /** Container and port that requests go to. */
  readonly container: string;
  readonly port: number;
  readonly healthCheckPath: string;
  readonly checkIntervalMs: number;
  readonly healthyThreshold: number;
  readonly unhealthyThreshold: number;
  readonly createdAt: number;
}

/** How far reality may be from the textbook; every one of these was seen (facts/simulators.md, section 4). */
export interface Staging {
  /** A new service deployment is listed, and becomes the current one, only after this. */
  listingLagMs: number;
  /** From "every task is healthy, nothing else runs" until the rollout says COMPLETED. */
  completionLagMs: number;
  /** A draining target's time; the target group's attribute in reality. */
  deregistrationDelayMs: number;
  /** A failed deployment stays in `deployments` for this long after its last task stopped. */
  keepFailedDeploymentMs: number;
  /** False: `failedTasks` stays 0 and the breaker never trips, whatever happens. */
  countsFailures: boolean;
  /** True: a task that only runs, healthy or not, sets `failedTasks` to 0, as before the change of December 2021. */
  runningResetsFailures: boolean;
  /** Registering targets and target health fail as after the target group was deleted. */
  targetGroupDeleted: boolean;
  /** The execution role may not pull any more; what runs keeps running. */
  pullDenied: boolean;
  /** DescribeServices says MISSING until then. */
  missingUntil: number;
  /** Tasks that find room at the same time; null: no limit. */
  /** Where `capacity` leaves no room, a task's port is why. */
  portInUse: boolean;
  capacity: number | null;
  /** Tasks that were started by `since` are protected from scale-in until `until`; null: none is. */
  protection: { readonly since: number; readonly until: number } | null;
  /** Tasks beyond the desired ones that are counted as running, as while AWS rebalances availability zones. */
  surplus: number;
  /** Why the next tasks can't start, one after the other, as of a network or a registry that has trouble for a while; null: it can. */
  readonly failingStarts: (string | null)[];
}

export interface Service {
  readonly name: string;
  readonly arn: string;
  readonly clusterArn: string;
  readonly clusterName: string;
  readonly createdAt: number;
  status: 'ACTIVE' | 'DRAINING' | 'INACTIVE';
  desiredCount: number;
  readonly schedulingStrategy: 'REPLICA' | 'DAEMON';
  readonly deploymentController: 'ECS' | 'CODE_DEPLOY' | 'EXTERNAL';
  deploymentConfiguration: JsonObject;
  readonly healthCheckGracePeriodMs: number;
  /** Members that this simulator only carries: network configuration, planted ones, … */
  extras: JsonObject;
  tags: readonly JsonObject[];
  readonly targetGroup: TargetGroup | null;
  readonly hostnames: readonly string[];
  readonly staging: Staging;
  taskDefinition: TaskDefinition;
  /** Newest first. */
  deployments: Deployment[];
  /** Oldest first, kept permanently. */
  readonly records: ServiceDeployment[];
  readonly revisions: ServiceRevision[];
  tasks: Task[];
  /** Newest first. */
  events: { readonly id: string; readonly createdAt: number; readonly message: string }[];
  /** Whose turn it is among the healthy targets. */
  turn: number;
}
