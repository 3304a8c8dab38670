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
import type { TrafficEntry } from './service-document.ts';
import { formatShares } from './service-document.ts';
import { holdsOurs, isAsAsked, isSameShares, type Ours, styleOf } from './traffic-table.ts';

/** What one look found, beside what was noted down before our change. */
export interface RestorationFacts {
  /** Whose template it is: by the revision's name, and by a hash of the content. */
  readonly template: 'ours' | 'before' | 'foreign';
  /** Name of the revision that the template stands for. */
  readonly revision: string;
  readonly ours: Ours;
  /** Traffic as it is asked for now, and as it is in effect. */
  readonly wanted: readonly TrafficEntry[];
  readonly effective: readonly TrafficEntry[];
  /** As it was asked for before us, the form by name of that, and the form in which our rollout leaves it. */
  readonly before: readonly TrafficEntry[];
  readonly serves: readonly TrafficEntry[];
  readonly done: readonly TrafficEntry[];
  /** A label that we set is still ours. */
  readonly labelsAreOurs: boolean;
  /** The revision to put back, and the one that the platform takes for the latest. */
  readonly back: string;
  readonly latestReady: string;
  /** Nothing is being worked on; and the platform's own words if it then says that something failed. */
  readonly settled: boolean;
  readonly failure: string | null;
  /** Has anything changed since it was noted down? */
  readonly changed: boolean;
  /** Since the caller's first look. */
  readonly elapsedMs: number;
}

export type Decision =
  | RestorationAnswer
  /** Template, labels and traffic in one request, the traffic by name. */
  | { readonly act: 'put-back'; readonly traffic: readonly TrafficEntry[] }
  /** Traffic alone. `release`: only our own share is taken out, as the template is somebody else's. */
  | { readonly act: 'move-traffic'; readonly traffic: readonly TrafficEntry[]; readonly why: 'form' | 'release' };

/** How long the platform may need to take the old revision for the latest again. */
const LATE_LATEST_MS = 60_000;

/**
 * Pure: what one look found -> the one next thing on the way back. It goes by the level (what is asked for now, what is
 * in effect) and not by what was done, so that it can begin anew in another process at any point.
 */
export function decideRestoration(facts: RestorationFacts): Decision {
  switch (facts.template) {
    case 'foreign':
      return decideBesideTheirs(facts);
    case 'ours':
      if (trafficOf(facts) === 'foreign') return leaveAlone(formatShares(facts.wanted));
      return putBack(facts);
    case 'before':
      return decideOnTraffic(facts);
  }
}

/** Somebody deployed after us. Their template stays; our revision, which nobody vouches for, leaves the traffic. */
function decideBesideTheirs(facts: RestorationFacts): Decision {
  if (trafficOf(facts) === 'ours') return { act: 'move-traffic', traffic: facts.serves, why: 'release' };
  if (!facts.settled && trafficOf(facts) === 'pinned')
    return puttingBack('our revision is being taken out of the traffic');
  return leaveAlone(facts.revision);
}

function decideOnTraffic(facts: RestorationFacts): Decision {
  const traffic = trafficOf(facts);
  if (traffic === 'foreign') return leaveAlone(`the traffic ${formatShares(facts.wanted)}`);
  if (traffic === 'ours') return putBack(facts);
  if (traffic === 'pinned') return decidePinned(facts);
  if (facts.labelsAreOurs) return putBack(facts);
  if (!facts.changed) return decideUnchanged(facts);
  if (!facts.settled) return puttingBack(`${facts.back} is being put back`);
  if (isSameShares(facts.effective, facts.serves))
    return restored({ by: 'us', message: `traffic is as before: ${formatShares(facts.effective)}` });
  if (facts.failure !== null) return failed(`the way back ended: ${facts.failure}`);
  return puttingBack(`${facts.back} is back; the traffic is on its way: ${formatShares(facts.effective)}`);
}

/**
 * The last step. "The latest" means the latest that is ready, which is ours until the platform has taken the old one
 * again: asking for it any sooner would give ours all of the traffic.
 */
function decidePinned(facts: RestorationFacts): Decision {
  if (!facts.settled) return puttingBack(`${facts.back} is being put back`);
  if (facts.latestReady === facts.back) return { act: 'move-traffic', traffic: facts.before, why: 'form' };
  if (facts.elapsedMs < LATE_LATEST_MS)
    return puttingBack(`waiting until ${facts.back} is the latest ready revision again`);
  const shares = formatShares(facts.effective);
  return failed(
    `${shares} serves again, but by name: for the platform the latest ready revision is still ${facts.latestReady}`,
  );
}

/** Nothing has come. An answer that was lost, or a sender that was killed, may still bring something. */
function decideUnchanged(facts: RestorationFacts): Decision {
  if (mayStillArrive(facts.elapsedMs)) {
    return waiting('UPDATE_MAY_ARRIVE', 'looking whether the update that was sent still arrives');
  }
  return untouched(`${formatShares(facts.effective)} is live`);
}

/** Whose form the traffic has now. */
function trafficOf(facts: RestorationFacts): 'before' | 'pinned' | 'ours' | 'foreign' {
  const { wanted, ours } = facts;
  if (isAsAsked(facts.before, wanted, ours)) return 'before';
  if (isAsAsked(facts.serves, wanted, ours)) return 'pinned';
  if (holdsOurs(wanted, ours) || isAsAsked(facts.done, wanted, ours)) return 'ours';
  return 'foreign';
}

/** By name first: see `decidePinned`. A form that is by name already is put back at once. */
function putBack(facts: RestorationFacts): Decision {
  const byName = styleOf(facts.before) === 'pinned';
  return { act: 'put-back', traffic: byName ? facts.before : facts.serves };
}

function leaveAlone(what: string): Decision {
  return superseded(`${what} came after ours and is left alone`);
}

function puttingBack(message: string): Decision {
  return returning('PUTTING_BACK', message);
}
