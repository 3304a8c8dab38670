import { readOptional } from '../../../io/read-optional.ts';
import { neverAborted } from '../../../io/signals.ts';
import type { DeployError } from '../../../model/errors.ts';
import type { ChangeMark, Restoration, RestorePoint } from '../../../model/restore-point.ts';
import { mayStillArrive } from '../../late-call.ts';
import { returning, waiting } from '../../restoration-answers.ts';
import { isOurs } from '../change-mark.ts';
import { deedsOf } from '../cluster-workload.ts';
import { holderOfCopy } from './copy-marker.ts';
import { decideRemoval, isAnythingLeft, isExcluding } from './decide-removal.ts';
import { perform } from './perform.ts';
import { readState, type SplitState, toFacts } from './read-state.ts';
import { describeAct } from './remove-copy.ts';
import { parseSplitData, type SplitData } from './split-data.ts';
import type { SplitFacts } from './split-facts.ts';
import { findOwnCopy, type SplitWorkload } from './split-workload.ts';

export interface Restoring {
  readonly point: RestorePoint;
  readonly mark: ChangeMark;
  readonly elapsedMs: number;
}

/**
 * See `Workload.restore`: one poll. Users go back to the Deployment first, which is restored where it was changed; the copy is
 * deleted last, as the marker is in it.
 */
export async function restoreSplit(opened: SplitWorkload, restoring: Restoring): Promise<Restoration> {
  const { point, mark, elapsedMs } = restoring;
  const split = withoutSignal(opened);
  const data = parseSplitData(point);
  const restoreRolling = () => split.rolling.restore(point, mark, elapsedMs);
  if (!data) return await restoreRolling();
  const state = await tryReadState(split, data);
  if (!state || !isAffair(state, restoring)) return await restoreRolling();
  const facts = toFacts(split, state, data);
  const settled = split.settled.get(keyOf(point));
  if (!isAnythingLeft(facts)) return answer(split, restoring, settled ?? (await restoreRolling()));
  if (needsRolling({ state, facts, settled, mark })) {
    const found = await restoreRolling();
    if (found.status !== 'progressing' && found.status !== 'failed') split.settled.set(keyOf(point), found);
    return found.status === 'progressing' || found.status === 'failed' ? found : goesOn('RESTORING', found.message);
  }
  return await takeOut(split, { state, facts, data });
}

/** A cancel is often why a rollback is needed, so it must not end the rollback too. */
function withoutSignal(split: SplitWorkload): SplitWorkload {
  const { run } = split;
  return { ...split, run: { ...run, api: run.api.withSignal(neverAborted), signal: neverAborted } };
}

/**
 * null: the Deployment is gone, so that the rest says nothing; or there is no copy, and what a rollout with one changes may not
 * even be read: a rolling one needs no such permission.
 */
async function tryReadState(split: SplitWorkload, data: SplitData): Promise<SplitState | null> {
  const { run } = split;
  const [web, found] = await Promise.all([run.api.find(run.path), findOwnCopy(split)]);
  if (!web) return null;
  const read = () => readState(split, data);
  if (found) return await read();
  const tell = ({ message }: DeployError): void => run.io.log.debug(message);
  return await readOptional(read, { without: ['PERMISSION_DENIED'], tell });
}

/** What another run has made is its own; so is what it holds. */
function isAffair({ copy }: SplitState, { point, mark }: Restoring): boolean {
  const holder = holderOfCopy(copy, { point, mark });
  return holder === 'ours' || holder === 'none';
}

interface RollingFacts {
  readonly state: SplitState;
  readonly facts: SplitFacts;
  readonly settled: Restoration | undefined;
  readonly mark: ChangeMark;
}

/**
 * While users are on the copy alone, the Deployment is restored first; else when nothing of it but the copy itself is left,
 * so that a pod that fails gets no request while that takes its time.
 */
function needsRolling({ state, facts, settled, mark }: RollingFacts): boolean {
  if (settled) return false;
  if (isOurs(state.web, mark) && (isExcluding(facts) || facts.stable.ready === 0)) return true;
  return decideRemoval(facts).act === 'delete-copy';
}

interface Found {
  readonly state: SplitState;
  readonly facts: SplitFacts;
  readonly data: SplitData;
}

async function takeOut(split: SplitWorkload, { state, facts, data }: Found): Promise<Restoration> {
  const decision = decideRemoval(facts);
  if (decision.act === 'removed') return goesOn('RESTORING', `${split.copy.name} is gone`);
  if (decision.act === 'wait') return goesOn(decision.reason, decision.message);
  const isDone = await perform(split, { state, data, routed: facts.routed }, decision);
  split.seen.set(TOOK_OUT, split.run.io.clock.now());
  const { reason, message } = describeAct(split, decision, isDone);
  return goesOn(reason, message);
}

const TOOK_OUT = 'took out';

function goesOn(reason: string, message: string): Restoration {
  return returning(reason, message).answer;
}

/** Of the Deployment alone it may be true that nothing arrived. */
function answer(split: SplitWorkload, { point, elapsedMs }: Restoring, settled: Restoration): Restoration {
  const { run, copy, seen } = split;
  if (settled.status !== 'untouched') return settled;
  if (!seen.has(TOOK_OUT)) {
    const deeds = deedsOf(run, point);
    const isAnswered = deeds.has('sent') && !deeds.has('sent without answer');
    if (isAnswered || !mayStillArrive(elapsedMs)) return settled;
    return waiting('NOT_ARRIVED', `waiting whether ${copy.name} is made yet`).answer;
  }
  const lost = parseSplitData(point)?.hadPreview ? ' (the preview that it replaced is gone too)' : '';
  return {
    status: 'restored',
    by: 'us',
    message: `${copy.name} is deleted${lost}; ${run.name} was not changed, and serves alone`,
  };
}

function keyOf({ run }: RestorePoint): string {
  return run?.id ?? '';
}
