import type { Behaviour } from '../../behaviour.ts';
import type { JsonObject } from '../../json.ts';
import type { Operation } from '../operations.ts';

/** Where apps live. Its domain is the end of all their addresses. */
export interface Environment {
  readonly id: string;
  readonly name: string;
  readonly resourceGroup: string;
  /** `happyforest-1a2b3c4d.westeurope.azurecontainerapps.io` */
  readonly domain: string;
  /** True: it has no address on the Internet at all. */
  readonly internal: boolean;
  /** `publicNetworkAccess`: it has one, and nothing answers there. */
  readonly closed: boolean;
}

export interface ContainerApp {
  readonly id: string;
  readonly name: string;
  readonly resourceGroup: string;
  readonly environment: Environment;
  /** As it was written, unknown members and values of secrets included, without what the platform computes. */
  document: JsonObject;
  provisioningState: 'InProgress' | 'Succeeded' | 'Failed';
  runningStatus: 'Running' | 'Stopped';
  readonly createdAt: number;
  readonly createdBy: string;
  lastModifiedAt: number;
  lastModifiedBy: string;
  lastModifiedByType: 'Application' | 'User';
  /** In the order in which they were made. */
  revisions: Revision[];
  /** What is in force: a change of the document takes effect when its operation has got that far. */
  traffic: readonly TrafficEntry[];
  mode: Mode;
  /** The change that is under way. */
  operation: Operation | null;
  readonly authConfigs: Map<string, JsonObject>;
  readonly staging: AppStaging;
  readonly requests: ServedRequest[];
}

export type Mode = 'Single' | 'Multiple' | 'Labels';

export interface TrafficEntry {
  /** null: the latest that is ready. */
  readonly revision: string | null;
  readonly weight: number;
  readonly label: string | null;
  /** Smooth weighted round robin: 5% are exactly 5 of 100 requests, evenly spread. */
  credit: number;
}

export interface Revision {
  readonly name: string;
  readonly suffix: string;
  readonly createdAt: number;
  /** As it was when the revision was made. */
  readonly template: JsonObject;
  active: boolean;
  provisioningState: 'Provisioning' | 'Provisioned' | 'Failed' | 'Deprovisioning' | 'Deprovisioned';
  provisioningError: string | null;
  replicas: Replica[];
  /** It was ready at least once, or counts as ready without a replica. */
  wasReady: boolean;
  activationFailed: boolean;
  lastRequestAt: number | null;
  /** Counts activations, restarts and ends: what was planned in an earlier one doesn't happen any more. */
  generation: number;
}

export interface Replica {
  readonly name: string;
  readonly createdAt: number;
  /** The first takes the requests. */
  readonly containers: readonly ReplicaContainer[];
}

export interface ReplicaContainer {
  readonly name: string;
  readonly image: string;
  readonly id: string;
  behaviour: Behaviour | null;
  digest: string | null;
  state: 'Waiting' | 'Running' | 'Terminated';
  /** In the kubelet's words: `CrashLoopBackOff`. */
  details: string;
  startedAt: number | null;
  ready: boolean;
  restartCount: number;
  /** Printed by the run that is on, or by the last one. */
  lines: readonly LogLine[];
  /** From outside so far. */
  requests: number;
}

export interface LogLine {
  readonly at: number;
  readonly text: string;
}

/** One request that came to the app from outside, whoever sent it. */
export interface ServedRequest {
  readonly at: number;
  /** Which address was called: the app's own (by weight), a label's or a revision's. */
  readonly by: 'app' | 'label' | 'revision';
  /** null: not issued. */
  readonly revision: string | null;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  /** Of the client. */
  readonly userAgent: string;
}

/** How far reality may be from the textbook. Behaviours are numbered as in simulators/azure/README.md. */
export interface AppStaging {
  /** From an accepted change until ARM says how it went. */
  operationMs: number;
  /** `accepted`: ARM says Succeeded whatever becomes of the revision (41). `ready`: it waits for the revision (50). */
  operationEnds: 'accepted' | 'ready';
  /** With `ready`: after that the operation fails with "Operation expired.". */
  operationDeadlineMs: number;
  /** null: the header is left out. */
  retryAfterSeconds: number | null;
  /** A new revision is answered 404 until then. */
  revisionListedAfterMs: number;
  /** A revision that isn't ready by then has failed to activate (42). */
  progressDeadlineMs: number;
  /** When an image that can't be pulled is noticed: 400, a failed operation, or a replica that waits permanently. */
  imageCheck: 'at-request' | 'at-operation' | 'at-start';
  /** What a template with the suffix of another revision is: an error, or no change at all (both were seen). */
  sameSuffix: 'refused' | 'ignored';
  /** True: while the app is Failed, every change is a conflict (47). */
  failedBlocksChanges: boolean;
  /** So many of the next changes are conflicts with one that no one can see (46). */
  lockConflicts: number;
  /** So many of the next changes of traffic fail in their operation (49). */
  trafficFailures: number;
  /** True: replicas run, but the revision is never said to be ready (43). */
  neverReady: boolean;
  /** With minReplicas 0: a new revision has no replica until the first request. */
  startsAtZero: boolean;
  /** So many of the next revisions find no room in the environment: they have no replica, whatever their minimum is. */
  withoutRoom: number;
  /** Of the replicas that start next, in their order: so many pulls are limited by the registry. */
  failingPulls: readonly number[];
  /** True: only the states that the published API lists, none of the portal's. */
  documentedStatesOnly: boolean;
  /** From a replica's start until its containers run: with and without the image on the machine. */
  pullMs: number;
  coldStartMs: number;
}

export const usualStaging: AppStaging = {
  operationMs: 5_000,
  operationEnds: 'accepted',
  operationDeadlineMs: 1_200_000,
  retryAfterSeconds: 5,
  revisionListedAfterMs: 1_000,
  progressDeadlineMs: 600_000,
  imageCheck: 'at-operation',
  sameSuffix: 'refused',
  failedBlocksChanges: false,
  lockConflicts: 0,
  trafficFailures: 0,
  neverReady: false,
  startsAtZero: false,
  withoutRoom: 0,
  failingPulls: [],
  documentedStatesOnly: false,
  pullMs: 6_000,
  coldStartMs: 1_500,
};
