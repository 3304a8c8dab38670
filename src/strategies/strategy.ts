import type { Capabilities } from '../model/workload.ts';
import type { TrafficStep } from './traffic-steps.ts';

/** What the engine does, in order. Steps go forward only: the restore point is the undo. */
export type Step =
  | { readonly kind: 'deploy'; readonly takeTraffic: boolean }
  | { readonly kind: 'smoke-test'; readonly against: 'preview' | 'live' }
  | { readonly kind: 'set-weight'; readonly percent: number }
  /** Our revision is judged for this long while it gets `percent` of the traffic. */
  | { readonly kind: 'bake'; readonly percent: number; readonly durationMs: number }
  | { readonly kind: 'finish' }
  /** One more look that ours, and nothing else, is live. */
  | { readonly kind: 'confirm' };

export interface Strategy {
  readonly name: string;
  /** What the input `steps` may say; null: nothing. */
  readonly steps: {
    /** What it says unless the user does. */
    readonly default: string;
    /** The first share, in percent, is no smaller. */
    readonly lowest: number;
  } | null;
  /** What a workload has to be able to do. */
  readonly needs: readonly Need[];
  /** Pure. `steps` ends at 100 %. */
  plan(steps: readonly TrafficStep[]): readonly Step[];
}

export type Need = keyof Pick<Capabilities, 'weights' | 'preview'>;
