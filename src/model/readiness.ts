import type { RolloutMarker } from './rollout-marker.ts';

/** May a rollout start? */
export type Readiness =
  | { readonly status: 'free' }
  /** Another run or user is changing the workload, which may pass. `message` says who, what and since when. */
  | { readonly status: 'busy'; readonly message: string }
  /** The marker of a run that is gone: its rollout is unfinished, and `marker` says what to restore. */
  | { readonly status: 'abandoned'; readonly message: string; readonly marker: RolloutMarker }
  /** A rollout that no live marker stands for and that can't end by itself. `isOurs`: this action made what it rolls out. */
  | { readonly status: 'stuck'; readonly message: string; readonly isOurs: boolean };
