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
import { leftNothing, stageOf } from './service-deployment-status.ts';

/** One service deployment, as far as the way back is concerned. Times are AWS's, in milliseconds. */
export interface SeenDeployment {
  readonly createdAt: number;
  readonly status: string;
  /** AWS's words for the status: `: circuit breaker …`, or ''. */
  readonly reason: string;
  /** Short name of what it deploys: `agent:42`. */
  readonly revision: string;
  readonly taskDefinition: string;
}

export interface RestorationFacts {
  /** ARNs: what the service names now; our change; what to put back; what was live when that was noted down. */
  readonly live: string;
  readonly mark: string;
  readonly before: string;
  readonly liveThen: string;
  /** All is at rest on what the service names: one deployment, completed, every task running. */
  readonly steady: boolean;
  /** Newest deployment of our change. */
  readonly mine: (SeenDeployment & { readonly byPlatform: boolean; readonly rolledBackTo: string | null }) | null;
  /** All deployments since the restore point was noted down, newest first, ours too. */
  readonly deployments: readonly SeenDeployment[];
  /** Since the caller's first look. */
  readonly elapsedMs: number;
  /** What this process asked for already; another process may have asked for more. */
  readonly asked: { readonly stop: boolean; readonly putBack: boolean };
}

export type Decision =
  | RestorationAnswer
  /** Stop our deployment with a rollback. */
  | { readonly act: 'stop' }
  /** Point the service back; `force` where it is already pointed there and yet not running it. */
  | { readonly act: 'put-back'; readonly force: boolean };

/** The list of deployments lags behind the service by seconds; it is not waited for without end. */
const LATE_LIST_MS = 30_000;

/**
 * Pure: what one look found -> the one next thing on the way back. It goes by the level (what is live, what runs) and
 * not by what was done, so that it can begin anew in another process at any point.
 */
export function decideRestoration(facts: RestorationFacts): Decision {
  const { mine, live } = facts;
  if (isForeign(live, facts)) return leaveAlone(shortName(live));
  if (!mine) return decideWithoutOurs(facts);
  const holder = findHolder(facts, mine.createdAt);
  // Looked for before anything is stopped: stopping ours would end theirs as well.
  if (holder) return leaveAlone(holder.revision);
  const back = findBack(facts, mine.createdAt);
  switch (stageOf(mine.status)) {
    case 'running':
      if (back || facts.asked.putBack)
        return returning('PUTTING_BACK', `the service is pointed back to ${name(facts)}`);
      return { act: 'stop' };
    case 'stopping':
      return returning(mine.status, `the deployment of ${mine.revision} is being rolled back (${mine.status})`);
    case 'ended':
      return live === facts.mark ? decideOursLive(facts, back) : decideOursGone(facts, back);
  }
}

/** Ours was never listed: it did not arrive, it has not arrived yet, or the list is late. */
function decideWithoutOurs(facts: RestorationFacts): Decision {
  const holder = findHolder(facts, 0);
  if (facts.live !== facts.mark) {
    if (holder) return leaveAlone(holder.revision);
    const back = findBack(facts, 0);
    if (back || facts.asked.putBack) return decideByBack(facts, back);
    if (mayStillArrive(facts.elapsedMs)) {
      return waiting('UPDATE_MAY_ARRIVE', 'looking whether the update that was sent still arrives');
    }
    return untouched(`${shortName(facts.live)} is live`);
  }
  if (facts.elapsedMs < LATE_LIST_MS)
    return waiting('NOT_LISTED', 'our change is live, its deployment is not listed yet');
  if (holder) return leaveAlone(holder.revision);
  return { act: 'put-back', force: false };
}

function decideOursLive(facts: RestorationFacts, back: SeenDeployment | null): Decision {
  if (!back) {
    if (facts.asked.putBack) return returning('PUTTING_BACK', `the way back to ${name(facts)} is not listed yet`);
    return { act: 'put-back', force: false };
  }
  return decideByBack(facts, back);
}

function decideOursGone(facts: RestorationFacts, back: SeenDeployment | null): Decision {
  const { mine, live, before, liveThen } = facts;
  const isBack = live === before || live === liveThen;
  if (!isBack) {
    // The platform chose what to go back to. Right if somebody deployed it after our look at what was live.
    const theirs = facts.deployments.find(({ taskDefinition }) => taskDefinition === live);
    return theirs ? leaveAlone(theirs.revision) : { act: 'put-back', force: false };
  }
  if (back) return decideByBack(facts, back);
  if (mine?.status === 'ROLLBACK_SUCCESSFUL' && !facts.asked.putBack) {
    const by = mine.byPlatform && !facts.asked.stop ? 'platform' : 'us';
    return sayRestored(
      facts,
      by,
      by === 'platform' ? `the platform went back to ${shortName(live)}${mine.reason}` : null,
    );
  }
  const rollbackFailed = mine?.status === 'ROLLBACK_FAILED';
  if (facts.steady && (rollbackFailed || facts.elapsedMs >= LATE_LIST_MS)) return sayRestored(facts, 'us', null);
  if (rollbackFailed && !facts.asked.putBack) return { act: 'put-back', force: true };
  // The list is late: the deployment that is listed with this task definition is the one from before ours. Taking it
  // for the way back said "restored" before the way back had begun.
  return returning('PUTTING_BACK', `the way back to ${name(facts)} is not listed yet`);
}

/** The way back as a deployment of its own. */
function decideByBack(facts: RestorationFacts, back: SeenDeployment | null): Decision {
  if (!back) return returning('PUTTING_BACK', `the way back to ${name(facts)} is not listed yet`);
  if (stageOf(back.status) !== 'ended') {
    return returning('PUTTING_BACK', `the way back to ${name(facts)} is ${back.status}`);
  }
  if (back.status !== 'SUCCESSFUL') {
    return failed(`the way back to ${name(facts)} ended ${back.status}${back.reason}`);
  }
  if (facts.live !== facts.before) return returning('PUTTING_BACK', `${name(facts)} is deployed, not yet seen live`);
  return sayRestored(facts, 'us', null);
}

/** Neither ours, nor what was there before, nor what the platform itself went back to. */
function isForeign(live: string, { mark, before, liveThen, mine }: RestorationFacts): boolean {
  return live !== mark && live !== before && live !== liveThen && live !== mine?.rolledBackTo;
}

/**
 * Somebody else's deployment that counts: newer than ours and than the way back, and not rolled back again. With it, the
 * service may still name ours for some seconds.
 */
function findHolder(facts: RestorationFacts, since: number): SeenDeployment | null {
  const back = findBack(facts, since)?.createdAt ?? 0;
  const theirs = facts.deployments.find((one) => isTheirs(one, facts) && one.createdAt > Math.max(since, back));
  return theirs && !leftNothing(theirs.status) ? theirs : null;
}

function isTheirs({ taskDefinition }: SeenDeployment, { mark, before }: RestorationFacts): boolean {
  return taskDefinition !== mark && taskDefinition !== before;
}

function findBack(facts: RestorationFacts, since: number): SeenDeployment | null {
  return facts.deployments.find((one) => one.taskDefinition === facts.before && one.createdAt > since) ?? null;
}

function sayRestored(facts: RestorationFacts, by: 'us' | 'platform', how: string | null): Decision {
  const message = how ?? `${shortName(facts.live)} is live again`;
  return restored({ by, message: message + describeOverwritten(facts) });
}

/** ECS has no conditional update: whoever deployed between our look and our way back was overwritten. */
function describeOverwritten(facts: RestorationFacts): string {
  const since = facts.mine?.createdAt ?? 0;
  const back = findBack(facts, since);
  const overwritten = facts.deployments.find(
    (one) => back && isTheirs(one, facts) && one.createdAt > since && one.createdAt < back.createdAt,
  );
  if (!overwritten || overwritten.status === 'ROLLBACK_SUCCESSFUL') return '';
  return `; a deployment of ${overwritten.revision} that somebody started meanwhile was overwritten: deploy it again`;
}

function leaveAlone(revision: string): Decision {
  return superseded(`${revision} was deployed after ours and is left alone`);
}

function name({ before }: RestorationFacts): string {
  return shortName(before);
}

function shortName(taskDefinition: string): string {
  return taskDefinition.slice(taskDefinition.lastIndexOf('/') + 1);
}
