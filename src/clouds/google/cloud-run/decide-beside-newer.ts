import { restored, returning, superseded, waiting } from '../../restoration-answers.ts';
import { type Decision, LATE_LATEST_MS, type RestorationFacts, trafficOf } from './restoration-facts.ts';
import { formatShares } from './service-document.ts';
import { holdsOurs, isSameShares, styleOf, withoutOurs } from './traffic-table.ts';

/**
 * Pure: another user or deployment has set the template after ours, which stays. Only what is ours is taken out of the
 * traffic, by name, as "the latest" would give all of it to a revision that no one has tested.
 */
export function decideBesideNewer(facts: RestorationFacts): Decision {
  const { requested, effective, ours, previousByName } = facts;
  const traffic = trafficOf(facts);
  if (followsOurs(facts)) return decideOnLatest(facts);
  if (traffic === 'ours' && holdsOurs(requested, ours)) return release(facts);
  if (traffic === 'by-name' && !facts.settled && !isSameShares(effective, previousByName))
    return returning('RESTORING', 'our revision is being taken out of the traffic');
  if (traffic === 'by-name' && isLatestPrevious(facts))
    return { act: 'move-traffic', traffic: facts.previousTraffic, why: 'form' };
  const pinned = describePinned(facts);
  if (facts.isPreview && traffic === 'by-name')
    return restored({ by: 'us', message: `traffic is restored: ${formatShares(requested)}${pinned}` });
  return superseded(`${describeNewer(facts)}${pinned}`);
}

function release({ requested, ours, previousByName }: RestorationFacts): Decision {
  return { act: 'move-traffic', traffic: withoutOurs(requested, ours, previousByName), why: 'release' };
}

/** Does our revision serve as the latest that is ready, although the template is another one's? */
function followsOurs({ requested, ours, latestReady, previousByName }: RestorationFacts): boolean {
  const follows = requested.length === 0 || requested.some(({ revision, percent }) => revision === null && percent > 0);
  const servedBefore = previousByName.some(({ revision, percent }) => revision === ours.revision && percent > 0);
  return follows && latestReady === ours.revision && !servedBefore;
}

/** The newer revision takes all of it when it is ready, as its user expects. One that does not start leaves ours there. */
function decideOnLatest(facts: RestorationFacts): Decision {
  const isStarting = !facts.settled && facts.elapsedMs < LATE_LATEST_MS;
  if (isStarting) return waiting('NEWER_IN_PROGRESS', `${facts.revision} was deployed after ours and is starting`);
  return { act: 'move-traffic', traffic: facts.previousByName, why: 'release' };
}

/** Then "the latest" gives traffic to what had it, and to nothing else. */
function isLatestPrevious({ revision, latestReady, previous, settled }: RestorationFacts): boolean {
  return settled && revision === previous && latestReady === previous;
}

function describeNewer({ template, revision, requested }: RestorationFacts): string {
  if (template === 'foreign') return `${revision} was deployed after ours and was not touched`;
  return `another user or deployment set the configuration of ${revision} after ours (traffic: ${formatShares(requested) || 'the latest ready revision 100%'}); it was not touched`;
}

/** What a person has to know where the traffic followed the latest before, and no longer does. */
function describePinned(facts: RestorationFacts): string {
  const { previousTraffic, requested, revision, releaseCommand } = facts;
  if (styleOf(previousTraffic) !== 'latest' || trafficOf(facts) !== 'by-name') return '';
  return `. The traffic stays pinned to ${formatShares(requested)}, as following the latest revision would give it to ${revision}. To let it follow the latest revision again: ${releaseCommand}`;
}
