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
import { describeState, hasFailed, isUp, type RevisionState } from './revision-state.ts';
import { isName, isSameTraffic, pinned, type TrafficEntry } from './traffic-table.ts';

export interface RestorationFacts {
  readonly mode: 'single' | 'multiple';
  /** Revision names: ours; the one that puts back what ran before ours; the latest, and the ready one, before ours. */
  readonly mark: string;
  readonly wayBack: string;
  readonly latestThen: string;
  readonly readyThen: string;
  /** The app now. */
  readonly latest: string;
  readonly latestReady: string;
  /** A change of it is under way, whoever's. */
  readonly busy: boolean;
  /** The last one failed. */
  readonly hasFailed: boolean;
  /** Whose the template is that the app has now. */
  readonly template: 'before' | 'ours' | 'way-back' | 'other';
  /** The template has nothing of ours in it any more. */
  readonly isTemplateBack: boolean;
  /** None: the app has no ingress, or the platform alone moves traffic. */
  readonly trafficThen: readonly TrafficEntry[];
  readonly traffic: readonly TrafficEntry[];
  /** null: not there. */
  readonly ours: RevisionState | null;
  readonly back: RevisionState | null;
  /** Those that served before. */
  readonly served: readonly RevisionState[];
  /** Since the caller's first look. */
  readonly elapsedMs: number;
}

export type Decision =
  | RestorationAnswer
  | { readonly act: 'activate' | 'deactivate'; readonly revision: string }
  | { readonly act: 'move-traffic'; readonly traffic: readonly TrafficEntry[] }
  /** Give the app a template with the old images and variables, which makes one more revision. */
  | { readonly act: 'put-back' };

/**
 * Pure: what one look found -> the one next thing on the way back. It goes by the level (what is there) and not by what
 * was done, so that it can begin anew in another process at any point. Users first: what served before gets its traffic
 * back, then the template is put right, then what is left over is ended.
 */
export function decideRestoration(facts: RestorationFacts): Decision {
  const mover = findForeignTraffic(facts);
  if (mover) return leaveAlone(mover);
  const deployer = findForeignDeploy(facts);
  if (deployer) return decideSuperseded(facts, deployer);
  if (facts.busy) return inProgress(facts, 'BUSY', 'a change of the app is under way');
  if (facts.template === 'before' && !isResumed(facts)) return decideWithoutOurs(facts);
  const traffic = decideTraffic(facts);
  if (traffic) return traffic;
  if (facts.template === 'ours') return { act: 'put-back' };
  if (!facts.isTemplateBack) {
    return failed(`the template of the app is not what it was before ${facts.mark}`);
  }
  return isResumed(facts) ? sayRestored(facts, facts.served) : decideWayBack(facts);
}

/** Ours was there before this run brought it traffic: only traffic is put back, and it stays. */
function isResumed({ mark, latestThen }: RestorationFacts): boolean {
  return isName(mark, latestThen);
}

/**
 * Theirs is left alone, and ours is taken away from it: shares that we gave would keep theirs from being live, and say so
 * to nobody.
 */
function decideSuperseded(facts: RestorationFacts, deployer: string): Decision {
  const { mode, trafficThen, traffic, ours } = facts;
  if (mode === 'single' || trafficThen.length === 0) return leaveAlone(deployer);
  if (facts.busy) return inProgress(facts, 'BUSY', `${deployer}; their change is under way`);
  if (!isSameTraffic(traffic, trafficThen)) return { act: 'move-traffic', traffic: trafficThen };
  return (ours?.share === 0 && !isResumed(facts) ? retire([ours]) : null) ?? leaveAlone(deployer);
}

function leaveAlone(what: string): Decision {
  return superseded(`${what}, which is left alone`);
}

function findForeignDeploy(facts: RestorationFacts): string | null {
  const { latest, mark, wayBack, latestThen, template } = facts;
  if (latest !== '' && ![mark, wayBack, latestThen].some((name) => isName(name, latest)))
    return `${latest} was deployed after ours`;
  return template === 'other' ? 'somebody changed the template of the app after us' : null;
}

function findForeignTraffic({ mark, wayBack, traffic, trafficThen, readyThen }: RestorationFacts): string | null {
  if (trafficThen.length === 0) return null;
  const known = [mark, wayBack, ...pinned(trafficThen, readyThen).map(({ revision }) => revision)];
  const other = traffic.find(
    ({ revision, weight }) => weight > 0 && revision !== null && !known.some((name) => isName(name, revision)),
  );
  return other ? `somebody gave ${other.revision} ${other.weight} % of the traffic after us` : null;
}

/** Our template isn't in the app: it did not arrive, or not yet. Its traffic may have been pinned already. */
function decideWithoutOurs(facts: RestorationFacts): Decision {
  const { trafficThen, traffic, elapsedMs, latestThen } = facts;
  if (trafficThen.length > 0 && !isSameTraffic(traffic, trafficThen))
    return { act: 'move-traffic', traffic: trafficThen };
  if (mayStillArrive(elapsedMs))
    return inProgress(facts, 'CHANGE_MAY_ARRIVE', 'looking whether our change still arrives');
  return untouched(`${latestThen} is the latest revision`);
}

/** What served before gets its traffic again, by name, before anything else; null: it has it. */
function decideTraffic(facts: RestorationFacts): Decision | null {
  const { trafficThen, readyThen, traffic, served, mark, ours } = facts;
  if (trafficThen.length === 0) return null;
  const safe = isResumed(facts) ? trafficThen : pinned(trafficThen, readyThen);
  const isSafe = isSameTraffic(traffic, safe) && !isServing(ours, facts);
  const isFinal = facts.template === 'way-back' && isSameTraffic(traffic, trafficThen) && isReady(facts);
  if (isSafe || isFinal) return null;
  const asleep = served.find(({ active }) => !active);
  if (asleep) return { act: 'activate', revision: asleep.name };
  const starting = served.find((revision) => !isUp(revision) && !hasFailed(revision));
  // While ours can still answer, users stay with it until what served before can.
  if (starting && ours && isUp(ours)) {
    return inProgress(
      facts,
      'WAKING',
      `waiting for ${starting.name} before ${mark} loses its traffic (${describeState(starting)})`,
    );
  }
  return { act: 'move-traffic', traffic: safe };
}

/** By the traffic that is in force: the app's document may be ahead of it (microsoft/azure-container-apps#790). */
function isServing(ours: RevisionState | null, facts: RestorationFacts): boolean {
  return ours !== null && ours.share > (isResumed(facts) ? shareThen(facts) : 0);
}

function shareThen({ trafficThen, mark }: RestorationFacts): number {
  return trafficThen.find(({ revision }) => isName(revision, mark))?.weight ?? 0;
}

/** The template is the old one again, in a revision of its own. */
function decideWayBack(facts: RestorationFacts): Decision {
  const { mode, back, wayBack, trafficThen, traffic } = facts;
  if (!back && !facts.hasFailed) return inProgress(facts, 'NOT_LISTED', `${wayBack} is not listed yet`);
  if (mode === 'multiple' && trafficThen.length > 0 && trafficThen.every(({ revision }) => revision !== null)) {
    // Traffic goes by name: the revision that carries the template is needed by nobody.
    return retire([facts.ours, back]) ?? sayRestored(facts, facts.served);
  }
  if (!back || hasFailed(back)) {
    const state = back ? describeState(back) : 'Azure did not take it';
    return failed(`${wayBack}, with what ran before, does not come up: ${state}`);
  }
  if (!back.active) return { act: 'activate', revision: wayBack };
  if (!isReady(facts)) return inProgress(facts, 'STARTING', `waiting for ${wayBack} (${describeState(back)})`);
  const followed = trafficThen.reduce((sum, { revision, weight }) => sum + (revision === null ? weight : 0), 0);
  // The document may be ahead of the traffic that is in force.
  const isInForce = trafficThen.length === 0 || back.share === followed;
  if (!isSameTraffic(traffic, trafficThen) || !isInForce) return { act: 'move-traffic', traffic: trafficThen };
  const left = [facts.ours, ...facts.served.filter(({ name }) => !isNamed(name, facts))];
  if (mode === 'multiple') return retire(left) ?? sayRestored(facts, [back]);
  const ending = left.find((revision) => revision?.active);
  return ending
    ? inProgress(facts, 'ENDING', `waiting for the platform to end ${ending.name}`)
    : sayRestored(facts, [back]);
}

function isReady({ back, latestReady, wayBack }: RestorationFacts): boolean {
  return back !== null && isUp(back) && isName(latestReady, wayBack);
}

/** The user's own traffic names it, so it stays; otherwise it served as the latest, and that is another one now. */
function isNamed(name: string, { trafficThen }: RestorationFacts): boolean {
  return trafficThen.some(({ revision }) => isName(revision, name));
}

function retire(left: readonly (RevisionState | null)[]): Decision | null {
  const next = left.find((revision) => revision?.active);
  return next ? { act: 'deactivate', revision: next.name } : null;
}

function sayRestored({ mark, wayBack, mode }: RestorationFacts, serving: readonly RevisionState[]): Decision {
  const names = serving.map(({ name }) => name).join(' and ') || wayBack;
  const how = names === wayBack ? `${wayBack}, which has what ran before ${mark}, serves` : `${names} serves again`;
  const message = mode === 'single' ? `${how}; in Single mode an old revision can't be woken up` : how;
  return restored({ by: 'us', message, ...(names === wayBack ? { revision: wayBack } : {}) });
}

function inProgress(facts: RestorationFacts, reason: string, message: string): Decision {
  return facts.template === 'way-back' ? returning(reason, message) : waiting(reason, message);
}
