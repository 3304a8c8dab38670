import type { Capabilities } from '../model/workload.ts';

/** What the engine does, in order. Steps go forward only: the restore point is the undo. */
export type Step =
  | { readonly kind: 'deploy'; readonly takeTraffic: boolean }
  | { readonly kind: 'smoke-test'; readonly against: 'preview' | 'live' };

/** Pure: what a workload can do -> steps. */
export interface Strategy {
  readonly name: string;
  plan(capabilities: Capabilities): readonly Step[];
}
