import type { JsonObject } from '../../../model/json.ts';
import type { RestorePoint } from '../../../model/restore-point.ts';
import { superseded } from '../../../model/superseded.ts';
import type { Goal, TrafficRequest } from '../../../model/workload.ts';
import { changeService } from './change-service.ts';
import type { RunOperation } from './deploy.ts';
import { finalTraffic } from './our-revision.ts';
import { parseRestoreData } from './restore-data.ts';
import type { RunService } from './service.ts';
import {
  describeLatest,
  formatShares,
  isNamed,
  requestedTraffic,
  type TrafficEntry,
  toTargets,
} from './service-document.ts';
import type { ServiceUpdate } from './service-wire.ts';
import { isAllOurs, isAsRequested, keepingTags, withOurs } from './traffic-table.ts';

/** See `TrafficControl.setWeight`. */
export async function setWeight(
  run: RunService,
  operation: RunOperation,
  { percent, point }: TrafficRequest,
): Promise<RunOperation> {
  const { ours, traffic, sent } = operation;
  const goal: Goal = { kind: 'weight', percent };
  // `rolling` was sent with it, in the user's own form, and its operation has ended.
  if (percent === 100 && isAllOurs(traffic, ours)) {
    return { ...operation, goal, sent: { ...sent, operation: '' }, usualMs: null };
  }
  return await move(run, operation, { goal, traffic: withOurs(parseRestoreData(point, run).serving, ours, percent) });
}

/** See `Workload.finish`. */
export async function finishTraffic(
  run: RunService,
  operation: RunOperation,
  point: RestorePoint,
): Promise<RunOperation> {
  const traffic = finalTraffic(parseRestoreData(point, run), operation.ours);
  return await move(run, operation, { goal: { kind: 'finished' }, traffic });
}

async function move(
  run: RunService,
  operation: RunOperation,
  { goal, traffic }: Pick<RunOperation, 'goal' | 'traffic'>,
): Promise<RunOperation> {
  const sent = await changeService(run, (service) => decideMove(run, service, { operation, traffic }));
  // The usual time is that of a revision's start, which moving traffic is not.
  return { ...operation, id: sent.operation || operation.id, goal, traffic, sent, usualMs: null };
}

/** null: it is so already. @throws DeployError SUPERSEDED when the service is not as our last request left it */
function decideMove(
  run: RunService,
  service: JsonObject,
  { operation, traffic }: { readonly operation: RunOperation; readonly traffic: readonly TrafficEntry[] },
): ServiceUpdate | null {
  const current = requestedTraffic(service);
  const { ours } = operation;
  if (!isNamed(service, ours.revision)) {
    const newer = `${describeLatest(service)} was deployed after ${ours.revision}`;
    throw superseded(`could not move the traffic of ${run.resource}: ${newer}`);
  }
  if (isAsRequested(traffic, current, ours)) return null;
  if (!isAsRequested(operation.traffic, current, ours)) {
    const change = `another user or deployment changed it to ${formatShares(current)}`;
    throw superseded(`could not move the traffic of ${run.resource}: ${change}`);
  }
  return { traffic: toTargets(keepingTags(traffic, current, ours), service) };
}
