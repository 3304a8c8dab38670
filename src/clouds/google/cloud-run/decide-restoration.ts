import { mayStillArrive } from '../../late-call.ts';
import {
  failed,
  type RestorationAnswer,
  restored,
  returning,
  superseded,
  untouched,
  waiting,
} from '../../restoration-answers.ts';
import { formatShares, type TrafficEntry } from './service-document.ts';
import { holdsOurs, isAsRequested, isSameShares, type OurRevision, styleOf } from './traffic-table.ts';

/** What one read found, beside what was captured before our change. */
export interface RestorationFacts {
  /** Whose template it is: by the revision's name, and by a hash of the content. */
  readonly template: 'ours' | 'previous' | 'foreign';
  /** Name of the revision that the template stands for. */
  readonly revision: string;
  readonly ours: OurRevision;
  /** Traffic as it is requested now, and as it is in effect. */
  readonly requested: readonly TrafficEntry[];
  readonly effective: readonly TrafficEntry[];
  /** As it was requested at capture, and what served then, by name. */
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
  /** Since the caller's first poll. */
  readonly elapsedMs: number;
}

export type Decision =
  | RestorationAnswer
  /** Template, labels and traffic in one request. */
  | { readonly act: 'restore'; readonly traffic: readonly TrafficEntry[] }
  /** Traffic alone. `release`: only our own share is taken out, as the template is another deployment's. */
  | { readonly act: 'move-traffic'; readonly traffic: readonly TrafficEntry[]; readonly why: 'form' | 'release' };

/** How long the platform may need to take the previous revision for the latest again. */
const LATE_LATEST_MS = 60_000;

/**
 * Pure: what one read found -> the one next thing to do. It is level-based: it decides from what is requested and in
 * effect now, not from what was done, so that another process can continue at any point.
 */
export function decideRestoration(facts: RestorationFacts): Decision {
  switch (facts.template) {
    case 'foreign':
      return decideBesideNewer(facts);
    case 'ours':
      if (trafficOf(facts) === 'foreign') return foreignTraffic(facts);
      return restoreAll(facts);
    case 'previous':
      return decideOnTraffic(facts);
  }
}

/** The newer deployment's template stays; our revision, which is not verified, is taken out of the traffic. */
function decideBesideNewer(facts: RestorationFacts): Decision {
  if (trafficOf(facts) === 'ours') return { act: 'move-traffic', traffic: facts.previousByName, why: 'release' };
  if (!facts.settled && trafficOf(facts) === 'by-name')
    return restoring('our revision is being taken out of the traffic');
  return superseded(`${facts.revision} was deployed after ours and was not touched`);
}

function decideOnTraffic(facts: RestorationFacts): Decision {
  const { effective, previousByName, previous } = facts;
  const traffic = trafficOf(facts);
  if (traffic === 'foreign') return foreignTraffic(facts);
  if (traffic === 'ours') return restoreAll(facts);
  if (traffic === 'by-name') return decideByName(facts);
  if (facts.labelsAreOurs) return restoreAll(facts);
  if (!facts.changed) return decideUnchanged(facts);
  if (!facts.settled) return restoring(`${previous} is being restored`);
  if (isSameShares(effective, previousByName))
    return restored({ by: 'us', message: `traffic is restored: ${formatShares(effective)}` });
  if (facts.failure !== null) return failed(`the rollback failed: ${facts.failure}`);
  return restoring(`${previous} is restored; in progress: updating traffic: ${formatShares(effective)}`);
}

/**
 * The last step. "The latest" means the latest that is ready, which is ours until the platform has taken the previous one
 * again: requesting it any sooner would give ours all of the traffic.
 */
function decideByName(facts: RestorationFacts): Decision {
  const { previous, latestReady } = facts;
  if (!facts.settled) return restoring(`${previous} is being restored`);
  if (latestReady === previous) return { act: 'move-traffic', traffic: facts.previousTraffic, why: 'form' };
  if (facts.elapsedMs < LATE_LATEST_MS)
    return restoring(`waiting until ${previous} is the latest ready revision again`);
  const shares = formatShares(facts.effective);
  return failed(
    `${shares} serves again, but by name: for the platform the latest ready revision is still ${latestReady}`,
  );
}

/** Nothing has arrived. After a lost answer or a killed process, a request may still take effect. */
function decideUnchanged(facts: RestorationFacts): Decision {
  if (mayStillArrive(facts.elapsedMs)) {
    return waiting('UPDATE_MAY_ARRIVE', 'checking whether the update that was sent still takes effect');
  }
  return untouched(`${formatShares(facts.effective)} is live`);
}

/** Whose form the traffic has now. `by-name`: the previous one, before its own form is restored. */
function trafficOf(facts: RestorationFacts): 'previous' | 'by-name' | 'ours' | 'foreign' {
  const { requested, ours } = facts;
  if (isAsRequested(facts.previousTraffic, requested, ours)) return 'previous';
  if (isAsRequested(facts.previousByName, requested, ours)) return 'by-name';
  if (holdsOurs(requested, ours) || isAsRequested(facts.finalTraffic, requested, ours)) return 'ours';
  return 'foreign';
}

/** By name first: see `decideByName`. A form that is by name already is restored at once. */
function restoreAll(facts: RestorationFacts): Decision {
  const isByName = styleOf(facts.previousTraffic) === 'pinned';
  return { act: 'restore', traffic: isByName ? facts.previousTraffic : facts.previousByName };
}

function foreignTraffic({ requested }: RestorationFacts): Decision {
  const shares = formatShares(requested);
  return superseded(`another user or deployment set the traffic to ${shares} after ours; it was not touched`);
}

function restoring(message: string): Decision {
  return returning('RESTORING', message);
}
