import { failed, restored, returning, superseded, untouched, waiting } from '../../restoration-answers.ts';
import { decideBesideNewer } from './decide-beside-newer.ts';
import { type Decision, LATE_LATEST_MS, type RestorationFacts, trafficOf } from './restoration-facts.ts';
import { formatShares } from './service-document.ts';
import { holdsOurs, isSameShares, styleOf } from './traffic-table.ts';

/**
 * Pure: what one read found -> the one next thing to do. It is level-based: it decides from what is requested and in
 * effect now, not from what was done, so that another process can continue at any point.
 */
export function decideRestoration(facts: RestorationFacts): Decision {
  if (facts.holder === 'other') return superseded(`${facts.holderName}; it was not touched`);
  switch (facts.template) {
    case 'foreign':
      return decideBesideNewer(facts);
    case 'ours':
      return isOthersTraffic(facts) ? { act: 'restore', traffic: null } : restoreAll(facts);
    case 'previous':
      if (facts.phase === 'superseded') return foreignTraffic(facts);
      if (facts.late === 'fencing') return { act: 'unfence' };
      if (!facts.changed && trafficOf(facts) === 'previous') return decideUnchanged(facts);
      if (facts.late === 'fenced' && trafficOf(facts) === 'previous') return decideFenced(facts);
      return facts.restoredBy === 'another' ? decideBesideNewer(facts) : decideOnTraffic(facts);
  }
}

/** While we roll out, each table by name that we request has our revision in it, once that has a name. */
function isOthersTraffic(facts: RestorationFacts): boolean {
  const { phase, requested, ours } = facts;
  if (trafficOf(facts) === 'foreign') return true;
  return phase === 'rolling-out' && styleOf(requested) === 'pinned' && !holdsOurs(requested, ours);
}

function decideOnTraffic(facts: RestorationFacts): Decision {
  const { effective, previousByName, previous } = facts;
  const traffic = trafficOf(facts);
  if (traffic === 'foreign') return foreignTraffic(facts);
  if (traffic === 'ours') return restoreAll(facts);
  if (traffic === 'by-name') return decideByName(facts);
  if (isAnotherRevision(facts)) return decideBesideNewer(facts);
  if (facts.labelsAreOurs) return restoreAll(facts);
  if (!facts.settled) return restoring(`${previous} is being restored`);
  if (isSameShares(effective, previousByName))
    return restored({ by: 'us', message: `traffic is restored: ${formatShares(effective)}` });
  if (facts.failure !== null) return failed(`the rollback failed: ${facts.failure}`);
  return restoring(`${previous} is restored; in progress: updating traffic: ${formatShares(effective)}`);
}

/** The same configuration, of which another user or tool had a revision made: ours always names the previous one. */
function isAnotherRevision({ revision, previous, ours }: RestorationFacts): boolean {
  return revision !== previous && revision !== ours.revision;
}

/**
 * The last step. "The latest" means the latest that is ready, which is ours until the platform has taken the previous one
 * again: requesting it any sooner would give ours all of the traffic.
 */
function decideByName(facts: RestorationFacts): Decision {
  const { previous, latestReady } = facts;
  if (!facts.settled) return restoring(`${previous} is being restored`);
  if (latestReady === previous) return { act: 'move-traffic', traffic: facts.previousTraffic, why: 'form' };
  if (isAnotherRevision(facts)) return decideBesideNewer(facts);
  if (facts.elapsedMs < LATE_LATEST_MS)
    return restoring(`waiting until ${previous} is the latest ready revision again`);
  const shares = formatShares(facts.effective);
  return failed(
    `${shares} serves again, but by name: for the platform the latest ready revision is still ${latestReady}`,
  );
}

/** Nothing has arrived. After a lost answer or a killed process, a request may still take effect, minutes later. */
function decideUnchanged(facts: RestorationFacts): Decision {
  if (facts.late === 'maybe') return { act: 'fence' };
  return untouched(`${formatShares(facts.effective)} is live`);
}

/** The update can't arrive any more: the etag that it carries is no longer the service's. */
function decideFenced(facts: RestorationFacts): Decision {
  if (!facts.settled) return waiting('FENCED', 'the update that was sent can no longer take effect');
  return untouched(`${formatShares(facts.effective)} is live`);
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
