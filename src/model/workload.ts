import type { Diagnosis } from './diagnosis.ts';
import type { Endpoint } from './endpoint.ts';
import type { ErrorCode } from './errors.ts';
import type { ImageReference } from './image.ts';
import type { Inside } from './inside.ts';
import type { SizeChange } from './instance-size.ts';
import type { JsonObject } from './json.ts';
import type { MarkerControl } from './marker-control.ts';
import type { Platform } from './platform.ts';
import type { Readiness } from './readiness.ts';
import type { ChangeMark, Restoration, RestorePoint, RollbackTarget } from './restore-point.ts';
import type { ServiceLogs } from './service-logs.ts';
import type { Share, TrafficStep, WeightSteps } from './traffic.ts';

/** What we want live. */
export type Change = EditChange | DefinitionChange | RevisionChange;

/** Images and configuration, merged into what is live. */
export interface EditChange {
  readonly kind: 'edit';
  /** `container` null: the workload's main container, which the target finds out. */
  readonly images: readonly { readonly container: string | null; readonly image: ImageReference }[];
  /** Merged by name; names that are not mentioned stay as they are. */
  readonly environment: ReadonlyMap<string, string>;
  /** Names that are to be there no more, as variables or as secrets; absent: none. */
  readonly removed?: ReadonlySet<string>;
  /** Name -> reference in the cloud's secret manager; never a secret's value. */
  readonly secrets: ReadonlyMap<string, string>;
  /**
   * What it is merged into. null: the newest configuration, or what serves where the newest is a preview of ours; refused
   * where someone else made the newest and it differs in more than its images, as no one has chosen what goes live.
   */
  readonly base: Base | null;
}

/** `serving`: the configuration that serves now. `latest`: the newest one, whoever made it. */
export type Base = 'serving' | 'latest';

/** A whole definition in the platform's own form, which replaces the live one; its images are resolved to digests. */
export interface DefinitionChange {
  readonly kind: 'definition';
  readonly definition: JsonObject;
}

/** A revision that was there before. */
export interface RevisionChange {
  readonly kind: 'revision';
  readonly revision: string;
}

/** The change compared with what is live now. Names only, never a value. */
export interface ChangePlan {
  /** True: everything that we would send is already live and healthy. */
  readonly unchanged: boolean;
  /** One line for each difference, for people: `container web: image ghcr.io/…@sha256:… -> …`. */
  readonly differences: readonly string[];
  /** What the user probably did not mean, one line each. */
  readonly warnings?: readonly string[];
  /** Of one instance; null, or absent: not known. */
  readonly size?: SizeChange | null;
  /** What its images have to be built for; null: the cloud doesn't tell. */
  readonly platform: Platform | null;
}

/** What an operation is done with. */
export type Goal =
  /** Our revision is up and healthy, with the traffic that it was sent with. */
  | { readonly kind: 'up' }
  /** Our revision gets this share of the traffic, in percent, as nearly as the platform can; the previous one gets the rest. */
  | { readonly kind: 'weight'; readonly percent: number }
  /** Traffic has the user's own form again, and nothing is left that only the rollout needed. */
  | { readonly kind: 'finished' };

/** One change that we started. We wait for this, never for "the service". A target may add what its later calls need. */
export interface Operation {
  readonly id: string;
  readonly mark: ChangeMark;
  readonly goal: Goal;
  /** Short name of the new revision, for people and for the `revision` output: `agent:42`. */
  readonly revision: string;
  /** What its reader should know at the end, whatever that is: `agent:43, which another run started, was overwritten`. */
  readonly notes?: readonly string[];
}

interface Reading {
  /** A stable word: `CRASH_LOOP`, `WAITING_FOR_TASKS`. */
  readonly reason: string;
  /** For people. */
  readonly message: string;
  /** Lines worth printing once. */
  readonly notes?: readonly string[];
}

/** Why an operation failed: the error code that the run ends with. */
export type FailureKind = Extract<
  ErrorCode,
  'DEPLOY_FAILED' | 'DEPLOY_REJECTED' | 'SUPERSEDED' | 'ROLLED_BACK_BY_PLATFORM'
>;

/** One reading of an operation. `unproven`: why nothing of it ran, so that its health says nothing. Absent: it ran. */
export type Observation =
  | (Reading & {
      readonly status: 'progressing';
      /** When the next poll is worthwhile, in milliseconds from now; absent: the platform shows nothing to go by. */
      readonly pollAfterMs?: number;
      /** The share of the traffic in force; absent: the operation does not move traffic, or the platform doesn't tell. */
      readonly share?: Share;
    })
  | (Reading & { readonly status: 'succeeded'; readonly share?: Share; readonly unproven?: string })
  | (Reading & { readonly status: 'failed'; readonly as: FailureKind });

/**
 * Reads one operation again and again. What it remembers from one reading to the next only spares calls or times trouble.
 * Where the platform moves no traffic by itself, a poll also does the next thing that the operation's goal takes, and what
 * keeps it (a replica that was replaced gets its traffic again), each with a precondition that makes it harmless when late.
 */
export interface Watch {
  /** Errors: as `Workload`. */
  poll(): Promise<Observation>;
}

/** What a workload can do, as data, so that shared code never asks which cloud this is. */
export interface Capabilities {
  /** Who moves traffic between revisions, and how finely; null: it can't be split. */
  readonly traffic: TrafficCapability | null;
  /** Can a new revision be reached before it takes traffic? */
  readonly preview: boolean;
  /** Headers that its address of its own would not pass on, in lower case; absent: it passes all on. */
  readonly previewReserves?: readonly string[];
  readonly changes: readonly Change['kind'][];
  /** What makes more possible, in the imperative: `Set its revision mode to Multiple`; null: nothing is known to. */
  readonly remedy: string | null;
}

export type TrafficCapability =
  /** We set each share with `setWeight`. */
  | { readonly by: 'us'; readonly weights: WeightSteps }
  /** The platform gets all steps with the change, pauses before each (also the first), and `advance` continues it. */
  | { readonly by: 'platform'; readonly weights: WeightSteps };

/** How the change is to be rolled out. */
export interface RolloutPlan {
  /** True: the new revision gets the traffic as soon as it is up, in the user's own form. */
  readonly takeTraffic: boolean;
  /** The shares that the platform gives it, ending at 100%; empty: it shifts none by itself. */
  readonly shifts: readonly TrafficStep[];
  /** The share, in percent, that `setWeight` gives it first, which it has to be able to take; absent or 0: none. */
  readonly firstShare?: number;
  /** Until when the marker holds that is written with it, in milliseconds since 1970. */
  readonly markedUntil: number;
}

/** A change that is made but not live, and all that sending it takes. */
export interface Prepared {
  /** It is in the journal before `send` is called. */
  readonly mark: ChangeMark;
  /**
   * The first call that can make the change live. Reads first, and sends nothing that was taken already: it is called
   * again after a transient error and while it returns null, each time after `findOperation` found nothing.
   * Returns our operation with the goal `up`, where the answer shows it; null: it is not listed yet.
   * @throws ConflictError where another run was faster and nothing of ours was ever sent
   */
  send(point: RestorePoint, plan: RolloutPlan): Promise<Operation | null>;
}

/**
 * The one service that we change. Every method reads the present from the cloud; none waits (the engine does), and none
 * needs another one to have been called by the same process: what it needs is in its arguments.
 * Errors: DeployError; `isTransient` ones may be tried again.
 */
export interface Workload {
  /** For people: `service agent in cluster production (eu-west-1)`. */
  readonly resource: string;
  readonly capabilities: Capabilities;
  readonly consoleUrl: string | null;
  readonly logs: ServiceLogs;
  /** True: a request of ours that arrives late has no effect once a later one was accepted (an ETag). */
  readonly fencesLateCalls: boolean;
  /** True: the service doesn't exist yet, and deploying creates it. Absent: it exists. */
  readonly isNew?: boolean;
  readiness(): Promise<Readiness>;
  /** What to restore: what last deployed successfully and serves now. */
  capture(): Promise<RestorePoint>;
  /** Could that be restored? Read before anything is touched. */
  rollbackTarget(point: RestorePoint): Promise<RollbackTarget>;
  plan(change: Change): Promise<ChangePlan>;
  /** Makes everything that can be made without going live. */
  prepare(change: Change): Promise<Prepared>;
  /** Our operation with the goal `up`, once the platform lists it; null: not yet. */
  findOperation(mark: ChangeMark, point: RestorePoint): Promise<Operation | null>;
  watch(operation: Operation): Watch;
  /**
   * Has an instance of our revision started, where a request can do that; its watch shows what comes of it. Absent: the
   * platform doesn't tell what runs, so that only an answer proves something.
   */
  wake?(operation: Operation): Promise<void>;
  /** Moves traffic; null exactly where `capabilities.traffic` is. */
  readonly traffic: TrafficControl | null;
  /** Runs smoke tests in the workload's own network. Absent: it can't. */
  readonly inside?: Inside;
  /** Absent: the platform's own state is all that other runs can see of ours. */
  readonly marker?: MarkerControl;
  /**
   * The last change before "deployed" is said: traffic in the user's own form, what only the rollout needed removed, the
   * marker too. May be repeated; what is unchanged is not sent again. null: there is nothing to wait for.
   */
  finish(operation: Operation, point: RestorePoint): Promise<Operation | null>;
  /** Where our revision, and no other, answers: one address, or one of each instance; none: nowhere. */
  preview(operation: Operation): Promise<readonly Endpoint[]>;
  diagnose(operation: Operation): Promise<Diagnosis>;
  /**
   * Does at most one thing to restore `point`, and tells how far it is. Called again until it is done: by the same
   * process, or by the post step after a kill at any point, or by another run that found the marker of one that is gone.
   * The marker of `point.run` is removed last, however it ends. `elapsedMs`: since the caller's first poll.
   */
  restore(point: RestorePoint, mark: ChangeMark, elapsedMs: number): Promise<Restoration>;
  /** Is there nothing that could be tested, as the user wants none to run (`allow-empty`)? Absent: there always is. */
  nothingRuns?(): Promise<boolean>;
  /** Does what the mark stands for still serve, alone? Read once more before "deployed" is said. */
  isLive(mark: ChangeMark): Promise<boolean>;
  /** Where the live service answers: at `url`, where the user says so. null: the platform doesn't tell, or not yet. */
  endpoint(url: string | null): Promise<Endpoint | null>;
  /** The command with which a person checks or repairs a rollback by hand. */
  restoreCommand(point: RestorePoint): string;
}

/** A share of the traffic to move to, in percent, and until when the marker holds that is written with it. */
export interface TrafficRequest {
  readonly percent: number;
  readonly point: RestorePoint;
  /** In milliseconds since 1970. */
  readonly markedUntil: number;
}

/** Each call may be repeated: what is unchanged is not sent again. Both return the operation to wait for. */
export type TrafficControl =
  | {
      readonly by: 'us';
      /** Gives our revision this share of the traffic, and the previous one the rest. */
      setWeight(operation: Operation, request: TrafficRequest): Promise<Operation>;
    }
  | {
      readonly by: 'platform';
      /** Continues a rollout that waits at a pause, up to this share; one that is past it already is left running. */
      advance(operation: Operation, request: TrafficRequest): Promise<Operation>;
    };
