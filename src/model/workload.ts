import type { ImageReference } from './image.ts';
import type { Platform } from './platform.ts';

/** What we want live: images by container, plus configuration by name. */
export interface Change {
  /** `container` null: the workload's main container, which the target finds out. */
  readonly images: readonly { readonly container: string | null; readonly image: ImageReference }[];
  /** Merged into what is there; names that are not mentioned stay as they are. */
  readonly environment: ReadonlyMap<string, string>;
  /** Name -> reference in the cloud's secret manager; never a secret's value. */
  readonly secrets: ReadonlyMap<string, string>;
}

/** The change beside what is live now. Names only, never a value. */
export interface ChangePlan {
  /** True: everything that we would send is already live and healthy. */
  readonly unchanged: boolean;
  /** One line for each difference, for people: `container web: image ghcr.io/…@sha256:… -> …`. */
  readonly differences: readonly string[];
  /** What its images have to be built for; null: the cloud doesn't tell. */
  readonly platform: Platform | null;
}

/**
 * How our change is recognised in the cloud, whoever asks: unique, and known before the call that makes it live.
 */
export type ChangeMark = string;

/** What an operation is done with. */
export type Goal =
  /** Our revision is up and healthy, with the traffic that it was sent with. */
  | { readonly kind: 'up' }
  /** Our revision gets this share of the traffic, in percent; what ran before gets the rest. */
  | { readonly kind: 'weight'; readonly percent: number }
  /** Traffic has the user's own form again, and nothing of ours that only the rollout needed is left. */
  | { readonly kind: 'finished' };

/** One change that we started. We wait for this, never for "the service". */
export interface Operation {
  readonly id: string;
  readonly mark: ChangeMark;
  readonly goal: Goal;
  /** Short name of the new revision, for people and for the `revision` output: `agent:42`. */
  readonly revision: string;
  /** How long the last one of its kind took, where the platform remembers. */
  readonly usualMs?: number;
}

/** One reading. `reason` is a stable word; `message` is for people; `notes` are lines worth printing once. */
export interface Observation {
  readonly status: 'progressing' | 'succeeded' | 'failed';
  readonly reason: string;
  readonly message: string;
  readonly notes?: readonly string[];
  /**
   * While it progresses. True: it may be decided any moment, as only the end is missing or something has failed. False: the
   * platform shows that much is left. Absent: it does not show. Decides when the next look is taken, and nothing else.
   */
  readonly nearEnd?: boolean;
}

/** Why an operation failed, as far as the platform tells. All text is foreign: print it through `Log.foreign`. */
export interface Diagnosis {
  /** One sentence: `2 tasks stopped: EssentialContainerExited, exit code 1`; null: the platform sees nothing wrong. */
  readonly cause: string | null;
  readonly hint: string | null;
  /** Events, exit codes, target health: one line each. */
  readonly facts: readonly string[];
  /** The last lines that the container itself printed. */
  readonly logs: readonly { readonly source: string; readonly lines: readonly string[] }[];
}

/** How to put one workload back: plain JSON under 2 kB, because it must outlive this process. References only. */
export interface RestorePoint {
  readonly resource: string;
  /** Short name of what serves now: `agent:41`. */
  readonly revision: string;
  readonly data: Readonly<Record<string, string | number | null>>;
}

/** What one look at the way back found. */
export type Restoration =
  /** `requested`: the way back is already asked for; it goes on without us. */
  | { readonly status: 'progressing'; readonly requested: boolean; readonly reason: string; readonly message: string }
  /** `revision`: what serves now, where it isn't the revision that served before but one with its content. */
  | {
      readonly status: 'restored';
      readonly by: 'us' | 'platform';
      readonly message: string;
      readonly revision?: string;
    }
  /** Our change never went live; nothing had to be put back. */
  | { readonly status: 'untouched'; readonly message: string }
  /** Somebody deployed after us; theirs is left alone. */
  | { readonly status: 'superseded'; readonly message: string }
  | { readonly status: 'failed'; readonly message: string };

export interface Endpoint {
  readonly url: string;
  /** What a caller has to send (an identity token, say), good for now; never logged. */
  headers(): Promise<Readonly<Record<string, string>>>;
}

/** An endpoint that anybody may call. */
export function openEndpoint(url: string): Endpoint {
  return { url, headers: async () => ({}) };
}

/** What a workload can do, as data, so that shared code never asks which cloud this is. */
export interface Capabilities {
  /** Can traffic be split by percent? */
  readonly weights: 'any' | 'none';
  /** Can a new revision be reached before it takes traffic? */
  readonly preview: boolean;
  /** What makes more possible, in the imperative: `Set its revision mode to Multiple`; null: nothing is known to. */
  readonly remedy: string | null;
}

/** Moves traffic by hand. Each call may be repeated: what is so already is not sent again. */
export interface TrafficControl {
  /** Gives our revision this share of the traffic, in percent, and what ran before the rest. */
  setWeight(operation: Operation, percent: number, point: RestorePoint): Promise<Operation>;
  /** The last change before "deployed" is said: traffic in the user's own form, what only the rollout needed removed. */
  finish(operation: Operation, point: RestorePoint): Promise<Operation>;
  /** Where our revision, and no other, answers; null: nowhere. */
  preview(operation: Operation): Promise<Endpoint | null>;
}

/**
 * The one service that we change. Every method reads the present from the cloud; none waits (the engine does).
 * Errors: DeployError; `isTransient` ones may be tried again.
 */
export interface Workload {
  /** For people: `service agent in cluster production (eu-west-1)`. */
  readonly resource: string;
  readonly capabilities: Capabilities;
  readonly consoleUrl: string | null;
  /** Is a change running that is not ours? `succeeded`: no, the workload is free. */
  readiness(): Promise<Observation>;
  /** What to put back: what last deployed successfully and serves now. */
  capture(): Promise<RestorePoint>;
  plan(change: Change): Promise<ChangePlan>;
  /** Makes everything that can be made without going live, and returns the mark of our change. */
  prepare(change: Change): Promise<ChangeMark>;
  /** Null: the platform moves traffic itself, and `capabilities.weights` is `none`. */
  readonly traffic: TrafficControl | null;
  /** The first call that can make the change live. The mark is in the journal by now. */
  deploy(mark: ChangeMark, point: RestorePoint, rollout: { readonly takeTraffic: boolean }): Promise<void>;
  /** Our operation with the goal `up`, once the platform lists it; null: not yet. */
  findOperation(mark: ChangeMark, point: RestorePoint): Promise<Operation | null>;
  observe(operation: Operation): Promise<Observation>;
  diagnose(operation: Operation): Promise<Diagnosis>;
  /**
   * Does at most one thing on the way back, and tells where that way stands. Called again until it is done: by the
   * same process, or by the post step after a kill at any point. `elapsedMs`: since the caller's first look.
   */
  restore(point: RestorePoint, mark: ChangeMark, elapsedMs: number): Promise<Restoration>;
  /** Does what the mark stands for still serve, alone? Read once more before "deployed" is said. */
  isLive(mark: ChangeMark): Promise<boolean>;
  /** Where the live service answers: at `url`, where the user says so. null: the platform doesn't tell. */
  endpoint(url: string | null): Promise<Endpoint | null>;
  /** The command with which a person checks or repairs the way back by hand. */
  restoreCommand(point: RestorePoint): string;
}
