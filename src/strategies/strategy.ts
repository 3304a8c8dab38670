import type { Share, TrafficStep } from '../model/traffic.ts';
import type { Capabilities } from '../model/workload.ts';

/** What the engine does, in order. Steps go forward only: the restore point is the undo. */
export type Step =
  /** `shifts`: the shares that the platform gives by itself, ending at 100%; empty: none. */
  | {
      readonly kind: 'deploy';
      readonly takeTraffic: boolean;
      readonly shifts: readonly TrafficStep[];
      /** The share, in percent, that we give it first once it is tested: what is brought up has to be able to take it. */
      readonly firstShare?: number;
    }
  | { readonly kind: 'smoke-test'; readonly against: 'preview' | 'live' }
  /** We give our revision `percent` of the traffic, or `share`, which is the nearest that can be had. */
  | { readonly kind: 'set-weight'; readonly percent: number; readonly share: Share }
  /** The platform, which waits at a pause, goes on to `percent` of the traffic. */
  | { readonly kind: 'advance'; readonly percent: number; readonly share: Share }
  /** Our revision is analyzed for this long while it gets `percent` of the traffic. */
  | { readonly kind: 'bake'; readonly percent: number; readonly share: Share; readonly durationMs: number }
  | { readonly kind: 'finish' }
  /** One more read that ours, and nothing else, is live. */
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
  /** Pure. `steps` ends at 100%; `capabilities` have everything that the strategy needs. */
  plan(steps: readonly TrafficStep[], capabilities: Capabilities): readonly Step[];
}

/**
 * `split`: traffic can be split · `hold`: the new revision can stay without traffic when the run is over · `preview`: it can
 * be reached before it gets traffic.
 */
export type Need = 'split' | 'hold' | 'preview';
