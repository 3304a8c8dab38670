import { restored, superseded, waiting } from '../../restoration-answers.ts';
import { bringBack, deactivateOurs } from './bring-back.ts';
import { type Decision, isServing, type RestorationFacts, safeTrafficOf } from './restoration-facts.ts';
import { isName, isSameTraffic, type TrafficEntry, withoutShare } from './traffic-table.ts';

/** How long a newer revision may take to start while ours still serves, and another run to move the traffic. */
const PATIENCE_MS = 120_000;

/**
 * Pure: another user or deployment made the newest revision, which stays as it is. Only what is ours is taken out of the
 * traffic, by name: "the latest" would give all of it to a revision that no one has tested.
 */
export function decideBesideNewer(facts: RestorationFacts, deployer: string): Decision {
  const { mode, previousTraffic, traffic } = facts;
  if (mode === 'single') return notTouched(deployer);
  if (facts.busy) return waiting('BUSY', `${deployer}; waiting for that change to end`);
  if (previousTraffic.length === 0) return decideWithoutTraffic(facts, deployer);
  if (follows(traffic)) return decideOnLatest(facts, deployer);
  return takeOut(facts) ?? notTouched(deployer, describePinned(facts));
}

/** Pure: the same beside a preview, which never was to have traffic: what served before ours serves again. */
export function decideBesidePreview(facts: RestorationFacts): Decision {
  if (facts.busy) return waiting('BUSY', 'a change of the app is in progress');
  const names = facts.previouslyServing.map(({ name }) => name).join(' and ') || facts.previousReady;
  const what = `${names} ${facts.previouslyServing.length > 1 ? 'serve' : 'serves'} again`;
  const beside = `${facts.latest}, a preview of another user, was not touched${describePinned(facts)}`;
  return takeOut(facts) ?? restored({ by: 'us', message: `${what}; ${beside}` });
}

/**
 * Pure: another run holds the app. It sets the whole traffic with each of its requests, so ours loses its share without us;
 * a request of ours might undo one of its own.
 */
export function decideBesideRival(facts: RestorationFacts, rival: string): Decision {
  const { busy, traffic, mark, elapsedMs } = facts;
  const isNamed = traffic.some(({ revision, weight }) => weight > 0 && isName(revision, mark));
  if ((isNamed || isServing(facts)) && elapsedMs < PATIENCE_MS)
    return waiting('HELD', `${rival}; waiting until it takes the traffic of ${mark}`);
  if (busy) return waiting('BUSY', `${rival}; waiting for its change to end`);
  const isOut = !isNamed && !isServing(facts);
  const what = `${rival}; that was not touched${describePinnedBeside(facts)}`;
  return (isOut ? deactivateOurs(facts) : null) ?? superseded(what);
}

/** Pure: another user moved the traffic, which stays as it is. */
export function decideBesideMover(facts: RestorationFacts, mover: string): Decision {
  if (facts.busy) return waiting('BUSY', `${mover}; waiting for that change to end`);
  const isNamed = facts.traffic.some(({ revision }) => isName(revision, facts.mark));
  return (isNamed ? null : deactivateOurs(facts)) ?? notTouched(mover);
}

/** null: nothing of ours is in the traffic, and our revision is inactive. */
function takeOut(facts: RestorationFacts): Decision | null {
  const { traffic, mark } = facts;
  const desired = withoutShare(traffic, mark, safeTrafficOf(facts));
  if (!isSameTraffic(traffic, desired) || isServing(facts)) return bringBack(facts, desired);
  return deactivateOurs(facts);
}

/** The newer revision takes all of it when it is ready, as its user expects. One that does not start leaves ours there. */
function decideOnLatest(facts: RestorationFacts, deployer: string): Decision {
  if (!isServing(facts)) return deactivateOurs(facts) ?? notTouched(deployer);
  if (facts.elapsedMs < PATIENCE_MS) return waiting('NEWER_IN_PROGRESS', `${deployer} and is starting`);
  return bringBack(facts, safeTrafficOf(facts));
}

function decideWithoutTraffic(facts: RestorationFacts, deployer: string): Decision {
  const isReplaced = !isName(facts.latestReady, facts.mark);
  return (isReplaced ? deactivateOurs(facts) : null) ?? notTouched(deployer);
}

function notTouched(what: string, more = ''): Decision {
  return superseded(`${what}; it was not touched${more}`);
}

function follows(traffic: readonly TrafficEntry[]): boolean {
  return traffic.some(({ revision, weight }) => revision === null && weight > 0);
}

/** The other run found the traffic as we had pinned it, so it leaves it by name too. */
function describePinnedBeside({ previousTraffic, doesRivalFollow, releaseCommand }: RestorationFacts): string {
  if (!follows(previousTraffic) || doesRivalFollow) return '';
  return `. The traffic, which followed the latest revision, stays pinned when that run is done. ${HOW_TO_RELEASE} ${releaseCommand}`;
}

const HOW_TO_RELEASE = 'To let it follow the latest revision again:';

/** What a person has to know where the traffic followed the latest before, and no longer does. */
function describePinned({ previousTraffic, traffic, latest, releaseCommand }: RestorationFacts): string {
  if (!follows(previousTraffic)) return '';
  const shares = traffic.flatMap(({ revision, weight }) => (weight > 0 ? [`${revision} ${weight}%`] : [])).join(', ');
  return `. The traffic stays pinned (${shares}), as following the latest revision would give it to ${latest}. ${HOW_TO_RELEASE} ${releaseCommand}`;
}
