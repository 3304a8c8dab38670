import type { ChangeMark, RestorePoint } from '../../../model/restore-point.ts';
import type { Goal, Operation, TrafficRequest } from '../../../model/workload.ts';
import { holderOfCopy, openCopyMarker } from './copy-marker.ts';
import { isSplit, type SplitOperation } from './split-operation.ts';
import { findOwnCopy, type SplitWorkload } from './split-workload.ts';

/** The marker may run out this much sooner than the caller counts on. */
const TOLERATED_MS = 60_000;

/**
 * See `TrafficControl.setWeight`. Polls of the operation that it returns move the traffic. All of it goes to a canary by
 * changing the Deployment itself.
 */
export async function setWeight(
  split: SplitWorkload,
  operation: Operation,
  { percent, point, markedUntil }: TrafficRequest,
): Promise<Operation> {
  const goal: Goal = { kind: 'weight', percent };
  // Rolling: its pods get traffic as they become ready.
  if (!isSplit(operation)) return { ...operation, goal };
  const kept = await keepMarker(split, operation, { point, markedUntil });
  const isPromoting = percent === 100 && operation.split.mode === 'canary';
  if (!isPromoting) return { ...kept, goal };
  return { ...(await promote(split, kept, { point, markedUntil })), goal };
}

async function keepMarker(
  split: SplitWorkload,
  operation: SplitOperation,
  { point, markedUntil }: Pick<TrafficRequest, 'point' | 'markedUntil'>,
): Promise<SplitOperation> {
  if (markedUntil - operation.split.markedUntil <= TOLERATED_MS) return operation;
  await openCopyMarker(split).renew(point, operation.mark, markedUntil);
  return { ...operation, split: { ...operation.split, markedUntil } };
}

/** The change of the Deployment itself, as a rolling one. Reads first, so it may be repeated. */
async function promote(
  split: SplitWorkload,
  operation: SplitOperation,
  { point, markedUntil }: Pick<TrafficRequest, 'point' | 'markedUntil'>,
): Promise<SplitOperation> {
  const { mark } = operation;
  const found = operation.split.promotion ?? (await split.rolling.findOperation(mark, point));
  const promotion = found ?? (await sendPromotion(split, mark, { point, markedUntil }));
  return { ...operation, split: { ...operation.split, promotion, isPromoting: true } };
}

async function sendPromotion(
  split: SplitWorkload,
  mark: ChangeMark,
  { point, markedUntil }: Pick<TrafficRequest, 'point' | 'markedUntil'>,
): Promise<Operation | null> {
  const prepared = split.prepared.get(mark);
  if (!prepared) throw new Error(`no change with the mark ${mark} was prepared`);
  return await prepared.send(point, { takeTraffic: true, shifts: [], markedUntil });
}

/** See `Workload.finish`. Polls of the operation that it returns take the copy out. */
export async function finishSplit(
  split: SplitWorkload,
  operation: Operation,
  point: RestorePoint,
): Promise<Operation | null> {
  const { rolling } = split;
  const goal: Goal = { kind: 'finished' };
  if (!isSplit(operation)) {
    const found = await findOwnCopy(split);
    if (holderOfCopy(found, { point, mark: operation.mark }) !== 'left') return await rolling.finish(operation, point);
    // A preview, or what an earlier run has kept, is superfluous now.
    const rest = { point, mode: 'canary', replicas: 0, markedUntil: 0, isPromoting: true } as const;
    const superfluous: SplitOperation = { ...operation, goal, split: { ...rest, promotion: operation } };
    return superfluous;
  }
  const promoted = await promote(split, operation, { point, markedUntil: operation.split.markedUntil });
  return { ...promoted, goal, revision: promoted.split.promotion?.revision ?? promoted.revision };
}
