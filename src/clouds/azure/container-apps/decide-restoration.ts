import { mayStillArrive, waitingForLateCall } from '../../late-call.ts';
import { failed, restored, returning, untouched, waiting } from '../../restoration-answers.ts';
import { bringBack, deactivateNext } from './bring-back.ts';
import {
  decideBesideMover,
  decideBesideNewer,
  decideBesidePreview,
  decideBesideRival,
} from './decide-beside-others.ts';
import {
  type Decision,
  finalTrafficOf,
  isResumed,
  isServing,
  type RestorationFacts,
  safeTrafficOf,
} from './restoration-facts.ts';
import { describeState, hasFailed, isUp, needsActivation, type RevisionState } from './revision-state.ts';
import { isName, isSameTraffic, pinned } from './traffic-table.ts';

/**
 * Pure: what was read -> the one next thing to do. It is level-based: it decides from what is there, not from what was
 * done, so that another process can continue at any point. Users come first: the previous revisions get their traffic,
 * then the template is restored, then leftovers are deactivated, and the marker goes last.
 */
export function decideRestoration(facts: RestorationFacts): Decision {
  const decision = decideNext(facts);
  if (decision.act !== 'none') return decision;
  const { answer } = decision;
  // One that failed keeps its marker: the next run restores from it.
  if (answer.status === 'progressing' || answer.status === 'failed') return decision;
  if (facts.outstandingMs > 0) return waitingForLateCall(facts.outstandingMs);
  if (!facts.isMarked) return decision;
  if (facts.busy) return inProgress(facts, 'BUSY', 'a change of the app is in progress');
  return { act: 'remove-marker', ending: answer };
}

function decideNext(facts: RestorationFacts): Decision {
  if (facts.rival !== null) return decideBesideRival(facts, facts.rival);
  const mover = findForeignTraffic(facts);
  if (mover) return decideBesideMover(facts, mover);
  const deployer = findForeignDeploy(facts);
  if (deployer) return facts.isBesidePreview ? decideBesidePreview(facts) : decideBesideNewer(facts, deployer);
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
  const desired = finalTrafficOf(facts);
  if (previousTraffic.length > 0 && !isSameTraffic(traffic, desired)) return { act: 'move-traffic', traffic: desired };
  if (mayStillArrive(elapsedMs))
    return inProgress(facts, 'UPDATE_MAY_ARRIVE', 'checking whether the update that was sent still takes effect');
  return untouched(`${previousLatest} is the latest revision`);
}

/** The previous revisions get their traffic, by name, before anything else; null: they have it. */
function decideTraffic(facts: RestorationFacts): Decision | null {
  const { previousTraffic, traffic, previouslyServing } = facts;
  if (previousTraffic.length === 0) return null;
  const safe = safeTrafficOf(facts);
  // Who deactivates one that has traffic leaves an app that takes no change any more.
  const isSafe = isSameTraffic(traffic, safe) && !isServing(facts) && !previouslyServing.some(needsActivation);
  const isFinal = facts.template === 'restored' && isSameTraffic(traffic, finalTrafficOf(facts)) && isReady(facts);
  return isSafe || isFinal ? null : bringBack(facts, safe);
}

/** The template is the previous one again, in a revision of its own. */
function decideRestoreRevision(facts: RestorationFacts): Decision {
  const { mode, restored: copy, restoreRevision, previousTraffic } = facts;
  if (!copy && !facts.hasFailed) return inProgress(facts, 'NOT_LISTED', `${restoreRevision} is not listed yet`);
  if (mode === 'multiple' && previousTraffic.length > 0 && previousTraffic.every(({ revision }) => revision !== null)) {
    // Traffic goes by name: the revision that carries the template gets none.
    return deactivateNext([facts.ours, copy]) ?? answerRestored(facts, facts.previouslyServing);
  }
  if (!copy || hasFailed(copy)) return doesNotStart(facts, copy ? describeState(copy) : 'Azure did not accept it');
  if (!copy.active) return { act: 'activate', revision: restoreRevision };
  if (!isReady(facts)) {
    if (facts.trouble !== null) return doesNotStart(facts, facts.trouble);
    return inProgress(facts, 'STARTING', `waiting for ${restoreRevision} (${describeState(copy)})`);
  }
  return decideFinalTraffic(facts, copy) ?? decideLeftovers(facts, copy);
}

function doesNotStart({ restoreRevision }: RestorationFacts, why: string): Decision {
  return failed(`${restoreRevision}, which restores the previous template, does not start: ${why}`);
}

/** null: it is in force in the user's own form. */
function decideFinalTraffic(facts: RestorationFacts, copy: RevisionState): Decision | null {
  const { previousTraffic, traffic, restoreRevision, warmth } = facts;
  const desired = finalTrafficOf(facts);
  const followed = previousTraffic.reduce((sum, { revision, weight }) => sum + (revision === null ? weight : 0), 0);
  // The document may be ahead of the traffic in force.
  const isInForce = previousTraffic.length === 0 || copy.share === followed;
  if (isSameTraffic(traffic, desired) && isInForce) return null;
  // What serves until then can wait: no user pays for a cold start.
  if (warmth === 'cold') return { act: 'wake', revision: restoreRevision };
  if (warmth === 'warming')
    return inProgress(facts, 'WARMING', `waiting for as many replicas of ${restoreRevision} as serve now`);
  return { act: 'move-traffic', traffic: desired };
}

function decideLeftovers(facts: RestorationFacts, copy: RevisionState): Decision {
  const leftovers = [facts.ours, ...facts.previouslyServing.filter(({ name }) => !isNamed(name, facts))];
  if (facts.mode === 'multiple') return deactivateNext(leftovers) ?? answerRestored(facts, [copy]);
  const ending = leftovers.find((revision) => revision?.active);
  return ending
    ? inProgress(facts, 'ENDING', `waiting for the platform to deactivate ${ending.name}`)
    : answerRestored(facts, [copy]);
}

function isReady({ restored: copy, latestReady, restoreRevision }: RestorationFacts): boolean {
  return copy !== null && isUp(copy) && isName(latestReady, restoreRevision);
}

/** The user's own traffic names it, so it stays; otherwise it served as the latest, which is another one now. */
function isNamed(name: string, { previousTraffic }: RestorationFacts): boolean {
  return previousTraffic.some(({ revision }) => isName(revision, name));
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
