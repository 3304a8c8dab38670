import type { JsonObject } from '../../../model/json.ts';
import type { RestorePoint } from '../../../model/restore-point.ts';
import type { Goal, TrafficRequest } from '../../../model/workload.ts';
import { changeService } from './change-service.ts';
import type { RunOperation } from './deploy.ts';
import { finishOurMarker, markingOf } from './marker-control.ts';
import { decideMove, ensureOurs } from './move-traffic.ts';
import { isBesidePreview } from './others-preview.ts';
import { finalTraffic, styleOfPoint } from './our-revision.ts';
import { formatRelease } from './release-command.ts';
import { parseRestoreData, type RestoreData } from './restore-data.ts';
import { findSuccessor } from './rollout-annotation.ts';
import type { RunService } from './service.ts';
import { type TrafficEntry, templateRevision } from './service-document.ts';
import { isAllOurs, withOurs } from './traffic-table.ts';

/** The marker may run out this much sooner than the caller counts on. */
const TOLERATED_MS = 60_000;

/** See `TrafficControl.setWeight`. */
export async function setWeight(
  run: RunService,
  operation: RunOperation,
  request: TrafficRequest,
): Promise<RunOperation> {
  const { percent, point, markedUntil } = request;
  // `rolling` was sent with it, in the user's own form, and its operation has ended.
  if (percent === 100 && isAllOurs(operation.traffic, operation.ours))
    return await keepTraffic(run, operation, request);
  const traffic = withOurs(parseRestoreData(point, run).serving, operation.ours, percent);
  let beside: string | undefined;
  const sent = await changeService(run, (service) => {
    beside = findPreview(service, operation);
    const move = decideMove(run, service, { operation, traffic });
    return move && { ...move, ...markingOf(service, { point, mark: operation.mark, until: markedUntil }) };
  });
  return { ...toMoved(operation, { goal: { kind: 'weight', percent }, traffic, sent }), beside, markedUntil };
}

/** Nothing is sent, unless the marker would run out while the caller counts on it. */
async function keepTraffic(
  run: RunService,
  operation: RunOperation,
  { percent, point, markedUntil }: TrafficRequest,
): Promise<RunOperation> {
  const goal: Goal = { kind: 'weight', percent };
  const kept = { ...operation, goal, sent: { ...operation.sent, operation: '' }, usualMs: null };
  if (!point.run || markedUntil - operation.markedUntil <= TOLERATED_MS) return kept;
  const sent = await changeService(run, (service) => {
    ensureOurs(run, service, operation);
    return markingOf(service, { point, mark: operation.mark, until: markedUntil });
  });
  return { ...kept, sent: { ...sent, operation: '' }, markedUntil };
}

/** See `Workload.finish`. null: nothing but the marker was left, and it was removed; or an earlier request has finished. */
export async function finishTraffic(
  run: RunService,
  operation: RunOperation,
  point: RestorePoint,
): Promise<RunOperation | null> {
  const data = parseRestoreData(point, run);
  let ending = endingOf(run, operation, { data, service: {} });
  let isOver = false;
  const sent = await changeService(run, (service) => {
    isOver = findSuccessor(service, operation.revision) !== null;
    if (isOver) return null;
    ending = endingOf(run, operation, { data, service });
    const move = decideMove(run, service, { operation, traffic: ending.traffic });
    const removal = finishOurMarker(service, point);
    isOver = move === null && removal !== null;
    return move || removal ? { ...move, ...removal } : null;
  });
  if (isOver) return null;
  const { traffic, notes, beside } = ending;
  return { ...toMoved(operation, { goal: { kind: 'finished' }, traffic, sent }), notes, beside };
}

/** Of another user, which is newer than our revision; undefined: there is none. */
function findPreview(service: JsonObject, operation: RunOperation): string | undefined {
  return isBesidePreview(service, operation) ? templateRevision(service) : undefined;
}

interface Ending {
  readonly beside: string | undefined;
  readonly traffic: readonly TrafficEntry[];
  readonly notes: readonly string[];
}

/** The user's own form; by name where "the latest" is a preview, which no one has promoted. */
function endingOf(
  run: RunService,
  operation: RunOperation,
  { data, service }: { readonly data: RestoreData; readonly service: JsonObject },
): Ending {
  const { ours, notes = [] } = operation;
  const style = styleOfPoint(data);
  const beside = findPreview(service, operation);
  if (style === 'pinned' || !beside) return { traffic: finalTraffic(data, ours, style), notes, beside };
  const note = `The traffic stays pinned to ${ours.revision}, as the latest revision is ${beside}, a preview of another user. To let it follow the latest revision again: ${formatRelease(run)}`;
  return { traffic: finalTraffic(data, ours, 'pinned'), notes: [...notes, note], beside };
}

function toMoved(
  operation: RunOperation,
  { goal, traffic, sent }: Pick<RunOperation, 'goal' | 'traffic' | 'sent'>,
): RunOperation {
  // The usual time is that of a revision's start, which moving traffic is not.
  return { ...operation, id: sent.operation || operation.id, goal, traffic, sent, usualMs: null };
}
