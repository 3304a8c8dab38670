import type { Holder } from '../../marker-annotation.ts';
import type { RestorationAnswer } from '../../restoration-answers.ts';
import type { RolloutPhase } from './rollout-annotation.ts';
import type { TrafficEntry } from './service-document.ts';
import { holdsOurs, isAsRequested, type OurRevision } from './traffic-table.ts';

/** What one read found, beside what was captured before our change. */
export interface RestorationFacts {
  /** Whose marker the service has, and who that is, for people. */
  readonly holder: Holder;
  readonly holderName: string;
  /** What the run that has it, which is ours, noted; null: it isn't ours. */
  readonly phase: RolloutPhase | null;
  /** Whose template it is: by the revision's name, and by a hash of the content. */
  readonly template: 'ours' | 'previous' | 'foreign';
  /** Who restored the previous template, where it is that; `us` too where no one changed it. */
  readonly restoredBy: 'us' | 'another';
  /** Name of the revision that the template stands for. */
  readonly revision: string;
  /** That is a preview of another user: reached by a tag, without a share. */
  readonly isPreview: boolean;
  readonly ours: OurRevision;
  /** Traffic as it is requested now, and as it is in effect. */
  readonly requested: readonly TrafficEntry[];
  readonly effective: readonly TrafficEntry[];
  /** As it was requested at capture; that without tags that were not in effect; and what served then, by name. */
  readonly capturedTraffic: readonly TrafficEntry[];
  readonly previousTraffic: readonly TrafficEntry[];
  readonly previousByName: readonly TrafficEntry[];
  /** As our rollout leaves it. */
  readonly finalTraffic: readonly TrafficEntry[];
  /** A label that we set is still ours. */
  readonly labelsAreOurs: boolean;
  /** The revision to restore, and the one that the platform takes for the latest. */
  readonly previous: string;
  readonly latestReady: string;
  /** No change is in progress; and the platform's own words if it then says that something failed. */
  readonly settled: boolean;
  readonly failure: string | null;
  /** Has anything changed since capture? */
  readonly changed: boolean;
  /** Might a request of ours that got no answer still take effect? `fenced`: not any more, by a request of this process. */
  readonly late: 'no' | 'maybe' | 'fencing' | 'fenced';
  /** What lets the traffic follow the latest revision again. */
  readonly releaseCommand: string;
  /** Since the caller's first poll. */
  readonly elapsedMs: number;
}

export type Decision =
  | RestorationAnswer
  /** Template, labels and traffic in one request. `traffic` null: another user's, which stays. */
  | { readonly act: 'restore'; readonly traffic: readonly TrafficEntry[] | null }
  /**
   * Traffic alone. `form`: the user's own form, as the last request. `release`: only our own share is taken out, as the
   * template is another deployment's.
   */
  | { readonly act: 'move-traffic'; readonly traffic: readonly TrafficEntry[]; readonly why: 'form' | 'release' }
  /** Changes the etag, and nothing that serves, so that a late request is refused; and takes that back. */
  | { readonly act: 'fence' | 'unfence' };

/** How long the platform may need to take the previous revision for the latest again. */
export const LATE_LATEST_MS = 60_000;

/** Whose form the traffic has now. `by-name`: the previous one, before its own form is restored. */
export function trafficOf(facts: RestorationFacts): 'previous' | 'by-name' | 'ours' | 'foreign' {
  const { requested, ours } = facts;
  const { capturedTraffic, previousTraffic } = facts;
  if ([capturedTraffic, previousTraffic].some((one) => isAsRequested(one, requested, ours))) return 'previous';
  if (isAsRequested(facts.previousByName, requested, ours)) return 'by-name';
  if (holdsOurs(requested, ours) || isAsRequested(facts.finalTraffic, requested, ours)) return 'ours';
  return 'foreign';
}
