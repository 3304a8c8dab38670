import type { Restoration } from '../../../model/restore-point.ts';
import type { RestorationAnswer } from '../../restoration-answers.ts';
import type { RevisionState } from './revision-state.ts';
import { isName, keepLabels, pinned, type TrafficEntry } from './traffic-table.ts';

/** What one poll of a restoration has read. */
export interface RestorationFacts {
  readonly mode: 'single' | 'multiple';
  /** Revision names: ours; the one that restores the template; the latest, and the latest ready one, before ours. */
  readonly mark: string;
  readonly restoreRevision: string;
  readonly previousLatest: string;
  readonly previousReady: string;
  /** The app now. */
  readonly latest: string;
  readonly latestReady: string;
  /** A change of it is in progress, ours or another. */
  readonly busy: boolean;
  /** The last one failed. */
  readonly hasFailed: boolean;
  /** The app has a marker of the run whose rollout is restored. */
  readonly isMarked: boolean;
  /** Another run that rolls out to the app and holds it, in words; null: there is none. */
  readonly rival: string | null;
  /** That run gives the traffic back in a form that follows the latest revision; true where there is none. */
  readonly doesRivalFollow: boolean;
  /** Which template the app has now. */
  readonly template: 'previous' | 'ours' | 'restored' | 'other';
  /** The template contains nothing of ours any more. */
  readonly isTemplateRestored: boolean;
  /** The newest revision is a preview of another user. */
  readonly isBesidePreview: boolean;
  /** None: the app has no ingress, or the platform alone moves traffic. */
  readonly previousTraffic: readonly TrafficEntry[];
  readonly traffic: readonly TrafficEntry[];
  /** null: it does not exist. */
  readonly ours: RevisionState | null;
  readonly restored: RevisionState | null;
  /** Those of them that still exist. */
  readonly previouslyServing: readonly RevisionState[];
  /** Why the revision that is to serve again does not start, as far as its replicas show; null: nothing is wrong with it. */
  readonly trouble: string | null;
  /** Whether the revision that restores the template may take the traffic of the one that serves: see `warm-up.ts`. */
  readonly warmth: Warmth;
  /** How a person lets the traffic follow the latest revision again. */
  readonly releaseCommand: string;
  /** How much longer a request of this process that got no answer may take effect, in milliseconds. */
  readonly outstandingMs: number;
  /** Since the caller's first poll. */
  readonly elapsedMs: number;
}

/** `cold`: it has no replica until a request wakes it. */
export type Warmth = 'warm' | 'warming' | 'cold';

export type Decision =
  | RestorationAnswer
  | { readonly act: 'activate' | 'deactivate' | 'wake'; readonly revision: string }
  | { readonly act: 'move-traffic'; readonly traffic: readonly TrafficEntry[] }
  /** Give the app a template with the previous images and variables, which makes one more revision. */
  | { readonly act: 'restore-template' }
  /** The last thing of ours; `ending`: how the restoration has ended. */
  | { readonly act: 'remove-marker'; readonly ending: Restoration };

/** Our revision existed before this run gave it traffic: only the traffic is restored, and the revision stays. */
export function isResumed({ mark, previousLatest }: RestorationFacts): boolean {
  return isName(mark, previousLatest);
}

/** The traffic as it was before ours, in the user's own form. */
export function finalTrafficOf({ previousTraffic, traffic }: RestorationFacts): readonly TrafficEntry[] {
  return keepLabels(previousTraffic, traffic, previousTraffic);
}

/** The same by name, which gives no other revision any of it. */
export function safeTrafficOf(facts: RestorationFacts): readonly TrafficEntry[] {
  const { previousTraffic, previousReady, traffic } = facts;
  if (isResumed(facts)) return finalTrafficOf(facts);
  return keepLabels(pinned(previousTraffic, previousReady), traffic, previousTraffic);
}

/** By the traffic in force: the app's document may be ahead of it (microsoft/azure-container-apps#790). */
export function isServing(facts: RestorationFacts): boolean {
  const { ours, previousTraffic, mark } = facts;
  const before = previousTraffic.find(({ revision }) => isName(revision, mark))?.weight ?? 0;
  return ours !== null && ours.share > (isResumed(facts) ? before : 0);
}
