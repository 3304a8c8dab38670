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
  /** Which template the app has now. */
  readonly template: 'previous' | 'ours' | 'restored' | 'other';
  /** The template contains nothing of ours any more. */
  readonly isTemplateRestored: boolean;
  /** None: the app has no ingress, or the platform alone moves traffic. */
  readonly previousTraffic: readonly TrafficEntry[];
  readonly traffic: readonly TrafficEntry[];
  /** null: it does not exist. */
  readonly ours: RevisionState | null;
  readonly restored: RevisionState | null;
  /** Those of them that still exist. */
  readonly previouslyServing: readonly RevisionState[];
  /** Since the caller's first poll. */
  readonly elapsedMs: number;
}

export type Decision =
  | RestorationAnswer
  | { readonly act: 'activate' | 'deactivate'; readonly revision: string }
  | { readonly act: 'move-traffic'; readonly traffic: readonly TrafficEntry[] }
  /** Give the app a template with the previous images and variables, which makes one more revision. */
  | { readonly act: 'restore-template' };

/**
 * Pure: what was read -> the one next thing to do. It is level-based: it decides from what is there, not from what was
 * done, so that another process can continue at any point. Users come first: the previous revisions get their traffic,
 * then the template is restored, then leftovers are deactivated.
 */
export function decideRestoration(facts: RestorationFacts): Decision {
  const mover = findForeignTraffic(facts);
  if (mover) return answerSuperseded(mover);
  const deployer = findForeignDeploy(facts);
  if (deployer) return decideSuperseded(facts, deployer);
  if (facts.busy) return inProgress(facts, 'BUSY', 'a change of the app is in progress');
  if (facts.template === 'previous' && !isResumed(facts)) return decideWithoutOurs(facts);
  const traffic = decideTraffic(facts);
  if (traffic) return traffic;
  if (facts.template === 'ours') return { act: 'restore-template' };
  if (!facts.isTemplateRestored) {
    return failed(`the template of the app is not what it was before ${facts.mark}`);
  }
  return isResumed(facts) ? answerRestored(facts, facts.previouslyServing) : decideRestoreRevision(facts);
}

/** Our revision existed before this run gave it traffic: only the traffic is restored, and the revision stays. */
function isResumed({ mark, previousLatest }: RestorationFacts): boolean {
  return isName(mark, previousLatest);
}

/** The newer deployment is not touched, but our shares are removed: they would keep it from getting its traffic, silently. */
function decideSuperseded(facts: RestorationFacts, deployer: string): Decision {
  const { mode, previousTraffic, traffic, ours } = facts;
  if (mode === 'single' || previousTraffic.length === 0) return answerSuperseded(deployer);
  if (facts.busy) return inProgress(facts, 'BUSY', `${deployer}; waiting for that change to end`);
  if (!isSameTraffic(traffic, previousTraffic)) return { act: 'move-traffic', traffic: previousTraffic };
  return (ours?.share === 0 && !isResumed(facts) ? deactivate([ours]) : null) ?? answerSuperseded(deployer);
}

function answerSuperseded(what: string): Decision {
  return superseded(`${what}; it was not touched`);
}

function findForeignDeploy(facts: RestorationFacts): string | null {
  const { latest, mark, restoreRevision, previousLatest, template } = facts;
  if (latest !== '' && ![mark, restoreRevision, previousLatest].some((name) => isName(name, latest)))
    return `${latest} was deployed after ours`;
  return template === 'other' ? 'the template of the app was changed after our deployment' : null;
}

function findForeignTraffic({
  mark,
  restoreRevision,
  traffic,
  previousTraffic,
  previousReady,
}: RestorationFacts): string | null {
  if (previousTraffic.length === 0) return null;
  const known = [mark, restoreRevision, ...pinned(previousTraffic, previousReady).map(({ revision }) => revision)];
  const other = traffic.find(
    ({ revision, weight }) => weight > 0 && revision !== null && !known.some((name) => isName(name, revision)),
  );
  return other ? `another deployment or user gave ${other.revision} ${other.weight}% of the traffic after ours` : null;
}

/** Our template isn't in the app: it did not arrive, or not yet. Its traffic may have been pinned already. */
function decideWithoutOurs(facts: RestorationFacts): Decision {
  const { previousTraffic, traffic, elapsedMs, previousLatest } = facts;
  if (previousTraffic.length > 0 && !isSameTraffic(traffic, previousTraffic))
    return { act: 'move-traffic', traffic: previousTraffic };
  if (mayStillArrive(elapsedMs))
    return inProgress(facts, 'UPDATE_MAY_ARRIVE', 'checking whether the update that was sent still takes effect');
  return untouched(`${previousLatest} is the latest revision`);
}

/** The previous revisions get their traffic, by name, before anything else; null: they have it. */
function decideTraffic(facts: RestorationFacts): Decision | null {
  const { previousTraffic, previousReady, traffic, previouslyServing, mark, ours } = facts;
  if (previousTraffic.length === 0) return null;
  const safe = isResumed(facts) ? previousTraffic : pinned(previousTraffic, previousReady);
  const isSafe = isSameTraffic(traffic, safe) && !isServing(ours, facts);
  const isFinal = facts.template === 'restored' && isSameTraffic(traffic, previousTraffic) && isReady(facts);
  if (isSafe || isFinal) return null;
  const inactive = previouslyServing.find(({ active }) => !active);
  if (inactive) return { act: 'activate', revision: inactive.name };
  const starting = previouslyServing.find((revision) => !isUp(revision) && !hasFailed(revision));
  // While ours can still answer, users stay with it until the previous revision can.
  if (starting && ours && isUp(ours)) {
    return inProgress(
      facts,
      'ACTIVATING',
      `waiting for ${starting.name} before ${mark} loses its traffic (${describeState(starting)})`,
    );
  }
  return { act: 'move-traffic', traffic: safe };
}

/** By the traffic in force: the app's document may be ahead of it (microsoft/azure-container-apps#790). */
function isServing(ours: RevisionState | null, facts: RestorationFacts): boolean {
  return ours !== null && ours.share > (isResumed(facts) ? previousShare(facts) : 0);
}

function previousShare({ previousTraffic, mark }: RestorationFacts): number {
  return previousTraffic.find(({ revision }) => isName(revision, mark))?.weight ?? 0;
}

/** The template is the previous one again, in a revision of its own. */
function decideRestoreRevision(facts: RestorationFacts): Decision {
  const { mode, restored, restoreRevision, previousTraffic, traffic } = facts;
  if (!restored && !facts.hasFailed) return inProgress(facts, 'NOT_LISTED', `${restoreRevision} is not listed yet`);
  if (mode === 'multiple' && previousTraffic.length > 0 && previousTraffic.every(({ revision }) => revision !== null)) {
    // Traffic goes by name: the revision that carries the template gets none.
    return deactivate([facts.ours, restored]) ?? answerRestored(facts, facts.previouslyServing);
  }
  if (!restored || hasFailed(restored)) {
    const state = restored ? describeState(restored) : 'Azure did not accept it';
    return failed(`${restoreRevision}, which restores the previous template, does not start: ${state}`);
  }
  if (!restored.active) return { act: 'activate', revision: restoreRevision };
  if (!isReady(facts))
    return inProgress(facts, 'STARTING', `waiting for ${restoreRevision} (${describeState(restored)})`);
  const followed = previousTraffic.reduce((sum, { revision, weight }) => sum + (revision === null ? weight : 0), 0);
  // The document may be ahead of the traffic in force.
  const isInForce = previousTraffic.length === 0 || restored.share === followed;
  if (!isSameTraffic(traffic, previousTraffic) || !isInForce) return { act: 'move-traffic', traffic: previousTraffic };
  const leftovers = [facts.ours, ...facts.previouslyServing.filter(({ name }) => !isNamed(name, facts))];
  if (mode === 'multiple') return deactivate(leftovers) ?? answerRestored(facts, [restored]);
  const ending = leftovers.find((revision) => revision?.active);
  return ending
    ? inProgress(facts, 'ENDING', `waiting for the platform to deactivate ${ending.name}`)
    : answerRestored(facts, [restored]);
}

function isReady({ restored, latestReady, restoreRevision }: RestorationFacts): boolean {
  return restored !== null && isUp(restored) && isName(latestReady, restoreRevision);
}

/** The user's own traffic names it, so it stays; otherwise it served as the latest, which is another one now. */
function isNamed(name: string, { previousTraffic }: RestorationFacts): boolean {
  return previousTraffic.some(({ revision }) => isName(revision, name));
}

function deactivate(leftovers: readonly (RevisionState | null)[]): Decision | null {
  const next = leftovers.find((revision) => revision?.active);
  return next ? { act: 'deactivate', revision: next.name } : null;
}

function answerRestored(
  { mark, restoreRevision, mode }: RestorationFacts,
  serving: readonly RevisionState[],
): Decision {
  const names = serving.map(({ name }) => name).join(' and ') || restoreRevision;
  const how =
    names === restoreRevision
      ? `${restoreRevision}, a copy of the revision before ${mark}, serves`
      : `${names} ${serving.length > 1 ? 'serve' : 'serves'} again`;
  const message = mode === 'single' ? `${how}; in Single mode an old revision can't be activated again` : how;
  return restored({ by: 'us', message, ...(names === restoreRevision ? { revision: restoreRevision } : {}) });
}

function inProgress(facts: RestorationFacts, reason: string, message: string): Decision {
  return facts.template === 'restored' ? returning(reason, message) : waiting(reason, message);
}
