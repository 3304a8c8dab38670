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
import { type SeenDeployment, sinceCapture } from './deployment-order.ts';
import { stageOf } from './service-deployment-status.ts';

export interface RestorationFacts {
  /** ARNs: what the service names now; our change; what to restore; what was live when the restore point was captured. */
  readonly live: string;
  readonly mark: string;
  readonly previous: string;
  readonly liveAtCapture: string;
  /** The service runs what it names and nothing else: one deployment, completed, every task running. */
  readonly steady: boolean;
  /** Newest deployment of our change; null: it is not listed. */
  readonly ours: (SeenDeployment & { readonly byPlatform: boolean; readonly rolledBackTo: string | null }) | null;
  /** All deployments since the restore point was captured, newest first, ours too. */
  readonly deployments: readonly SeenDeployment[];
  /** A deployment of the previous revision after ours is by our own request, as far as can be told. */
  readonly isRollbackOurs: boolean;
  /** Since the caller's first poll. */
  readonly elapsedMs: number;
  /** What this process has requested; another process may have requested more. */
  readonly requested: { readonly stop: boolean; readonly update: boolean };
}

export type Decision =
  | RestorationAnswer
  /** Stop our deployment with a rollback. */
  | { readonly act: 'stop' }
  /** Update the service to the previous revision; `force` where it names that already and does not run it. */
  | { readonly act: 'update'; readonly force: boolean };

/** The list of deployments lags behind the service by seconds; waiting for it has an end. */
const LATE_LIST_MS = 30_000;

/**
 * Pure: what one poll found -> the next step of the rollback. It decides from what is live and running now and not from
 * what was done before, so that another process can take over at any point.
 */
export function decideRestoration(facts: RestorationFacts): Decision {
  const { ours, live } = facts;
  if (isForeign(live, facts)) return newerDeployment(shortName(live));
  if (!ours) return decideWithoutOurs(facts);
  const { newer, rollback } = sinceCapture(facts);
  // Before anything is stopped: stopping ours would end the newer one as well.
  if (newer) return newerDeployment(newer.revision);
  if (rollback && !facts.isRollbackOurs) return deployedAgain(rollback.revision);
  switch (stageOf(ours.status)) {
    case 'running':
      if (rollback && stageOf(rollback.status) === 'ended') return decideByRollback(facts, rollback);
      if (rollback || isUpdateOutstanding(facts)) {
        return returning('RESTORING', `rollback in progress: the service was updated to ${nameOfPrevious(facts)}`);
      }
      return { act: 'stop' };
    case 'stopping':
      return returning(ours.status, `the deployment of ${ours.revision} is being rolled back (${ours.status})`);
    case 'ended':
      return live === facts.mark ? decideOursLive(facts, rollback) : decideOursGone(facts, rollback);
  }
}

/** Ours was never listed: the update did not take effect, it has not done so yet, or the list is late. */
function decideWithoutOurs(facts: RestorationFacts): Decision {
  const newer = sinceCapture(facts).newer;
  if (facts.live !== facts.mark) {
    if (newer) return newerDeployment(newer.revision);
    const rollback = facts.isRollbackOurs ? sinceCapture(facts).rollback : null;
    if (rollback || facts.requested.update) return decideByRollback(facts, rollback);
    if (mayStillArrive(facts.elapsedMs)) {
      return waiting('UPDATE_MAY_ARRIVE', 'checking whether the update that was sent still takes effect');
    }
    return untouched(`${shortName(facts.live)} is live`);
  }
  if (facts.elapsedMs < LATE_LIST_MS)
    return waiting('NOT_LISTED', 'our change is live, its deployment is not listed yet');
  if (newer) return newerDeployment(newer.revision);
  return { act: 'update', force: false };
}

function decideOursLive(facts: RestorationFacts, rollback: SeenDeployment | null): Decision {
  if (!rollback) {
    if (isUpdateOutstanding(facts)) return notListedYet(facts);
    return { act: 'update', force: false };
  }
  return decideByRollback(facts, rollback);
}

/** An update of ours that is not listed yet. One that is older than our change does not undo it: the change came late. */
function isUpdateOutstanding(facts: RestorationFacts): boolean {
  const older = sinceCapture(facts).olderThanOurs;
  return facts.requested.update && !older.some(({ taskDefinition }) => taskDefinition === facts.previous);
}

function decideOursGone(facts: RestorationFacts, rollback: SeenDeployment | null): Decision {
  const { ours, live, previous, liveAtCapture } = facts;
  const isPrevious = live === previous || live === liveAtCapture;
  if (!isPrevious) {
    // The platform chose what to restore. That is right if it was deployed after the restore point was captured.
    const other = facts.deployments.find(({ taskDefinition }) => taskDefinition === live);
    return other ? newerDeployment(other.revision) : { act: 'update', force: false };
  }
  if (rollback) return decideByRollback(facts, rollback);
  if (ours?.status === 'ROLLBACK_SUCCESSFUL' && !facts.requested.update) {
    const by = ours.byPlatform && !facts.requested.stop ? 'platform' : 'us';
    return sayRestored(facts, by, by === 'platform' ? `the platform restored ${shortName(live)}${ours.reason}` : null);
  }
  const rollbackFailed = ours?.status === 'ROLLBACK_FAILED';
  if (facts.steady && (rollbackFailed || facts.elapsedMs >= LATE_LIST_MS)) return sayRestored(facts, 'us', null);
  if (rollbackFailed && !facts.requested.update) return { act: 'update', force: true };
  // The list is late: the deployment that is listed with this task definition is older than ours. Taking it for the
  // rollback said "restored" before the rollback had begun.
  return notListedYet(facts);
}

/** The rollback as a deployment of its own. */
function decideByRollback(facts: RestorationFacts, rollback: SeenDeployment | null): Decision {
  if (!rollback) return notListedYet(facts);
  const { status, reason } = rollback;
  const what = `the rollback to ${nameOfPrevious(facts)}`;
  if (stageOf(status) !== 'ended') return returning('RESTORING', `${what} is ${status}`);
  if (status !== 'SUCCESSFUL') return failed(`${what} ended ${status}${reason}`);
  if (facts.live === facts.previous) return sayRestored(facts, 'us', null);
  return returning('RESTORING', `${what} is ${status}, the service does not name it yet`);
}

/** Neither ours, nor the previous one, nor what the platform itself restored. */
function isForeign(live: string, { mark, previous, liveAtCapture, ours }: RestorationFacts): boolean {
  return live !== mark && live !== previous && live !== liveAtCapture && live !== ours?.rolledBackTo;
}

function sayRestored(facts: RestorationFacts, by: 'us' | 'platform', how: string | null): Decision {
  const message = how ?? `${shortName(facts.live)} is live again`;
  return restored({ by, message: message + describeOverwritten(facts) });
}

/** ECS has no conditional update: a deployment that began between our read and our rollback was overwritten. */
function describeOverwritten(facts: RestorationFacts): string {
  const { overwritten } = sinceCapture(facts);
  if (!overwritten || overwritten.status === 'ROLLBACK_SUCCESSFUL') return '';
  return `; another deployment (${overwritten.revision}) that was started meanwhile was overwritten: deploy it again`;
}

function newerDeployment(revision: string): Decision {
  return superseded(`${revision} was deployed after ours and was not touched`);
}

/** As a tool does that knows only its own configuration. */
function deployedAgain(revision: string): Decision {
  return superseded(`another user or tool deployed ${revision} again after ours; it was not touched`);
}

function notListedYet(facts: RestorationFacts): Decision {
  return returning('RESTORING', `the rollback to ${nameOfPrevious(facts)} is not listed yet`);
}

function nameOfPrevious({ previous }: RestorationFacts): string {
  return shortName(previous);
}

function shortName(taskDefinition: string): string {
  return taskDefinition.slice(taskDefinition.lastIndexOf('/') + 1);
}
