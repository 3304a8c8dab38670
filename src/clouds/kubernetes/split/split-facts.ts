import type { CopyPod } from './copy-pods.ts';

/** How a copy is used. `canary`: beside the Deployment. `blue-green`: instead of it. */
export type SplitMode = 'canary' | 'blue-green';

/** What splits the traffic: how many pods of each kind are ready, or the weights of a route. */
export type Valve = 'replicas' | 'route';

/** What one reading found of a Deployment and its copy. */
export interface SplitFacts {
  readonly mode: SplitMode;
  readonly valve: Valve;
  /** null: it isn't there. */
  readonly copy: { readonly replicas: number; readonly isDeleting: boolean } | null;
  readonly copyName: string;
  /** Of the copy. */
  readonly pods: readonly CopyPod[];
  /** Of the Deployment itself. */
  readonly stable: { readonly replicas: number; readonly ready: number };
  /** Services that are narrowed to the copy's pods, and those that are not. */
  readonly narrowed: readonly string[];
  readonly whole: readonly string[];
  /** The copy's own Service is there. */
  readonly hasService: boolean;
  /** The share that the route gives the copy, in percent; null: another one than any of ours. */
  readonly routed: number | null;
  /** Services and the route, where a field is ours that was another manager's, and whose value is the user's own again. */
  readonly borrowed: readonly string[];
  /** What sends traffic to pods gets this time to follow a change, in milliseconds. */
  readonly overlapMs: number;
  /** How long this process has seen the state hold, in milliseconds; 0: since now. */
  readonly since: {
    /** Every pod of the copy that is to get traffic gets it, beside those of the Deployment. */
    readonly shared: number;
    /** The Deployment gets traffic in the user's own form, and the copy too. */
    readonly included: number;
    /** The copy's pods get all of it. */
    readonly narrowed: number;
    /** No pod of the copy that is to get traffic is ready for it. */
    readonly down: number;
    /** No pod of the copy gets any, after one did. */
    readonly closed: number;
  };
}

/** The next thing to do; each is one kind of request. */
export type SplitAct =
  | { readonly act: 'scale-copy'; readonly replicas: number }
  | { readonly act: 'scale-stable'; readonly replicas: number }
  | { readonly act: 'open' | 'close'; readonly pods: readonly CopyPod[] }
  | { readonly act: 'narrow' | 'widen'; readonly services: readonly string[] }
  | { readonly act: 'give-back'; readonly objects: readonly string[] }
  | { readonly act: 'create-service' | 'delete-service' }
  | { readonly act: 'route'; readonly percent: number }
  | { readonly act: 'delete-copy' };

export interface SplitWait {
  readonly act: 'wait';
  readonly reason: string;
  readonly message: string;
  /** How long at least, where that is known. */
  readonly ms?: number;
}

export function waitFor(reason: string, message: string, ms?: number): SplitWait {
  return { act: 'wait', reason, message, ...(ms === undefined ? {} : { ms }) };
}

/** Those that Services send traffic to, as far as the gate goes. */
export function openPods(pods: readonly CopyPod[]): readonly CopyPod[] {
  return pods.filter(({ gate }) => gate === 'open');
}
