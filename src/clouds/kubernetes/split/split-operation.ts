import type { RestorePoint } from '../../../model/restore-point.ts';
import type { Operation } from '../../../model/workload.ts';
import type { SplitMode } from './split-facts.ts';

/** The rollout of a copy. */
export interface SplitOperation extends Operation {
  readonly split: {
    readonly point: RestorePoint;
    readonly mode: SplitMode;
    /** How many pods were brought up first. */
    readonly replicas: number;
    /** Until when the marker of the copy holds that was written last, in milliseconds since 1970. */
    readonly markedUntil: number;
    /** The Deployment itself is changed, by which the copy becomes superfluous: null where that isn't known to be listed. */
    readonly isPromoting: boolean;
    readonly promotion: Operation | null;
  };
}

/** A rollout of the Deployment alone is none. */
export function isSplit(operation: Operation): operation is SplitOperation {
  return 'split' in operation;
}
