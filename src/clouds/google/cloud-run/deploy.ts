import { ConflictError } from '../../../model/conflict.ts';
import { isTransient } from '../../../model/errors.ts';
import type { JsonObject } from '../../../model/json.ts';
import type { RestorePoint, RunIdentity } from '../../../model/restore-point.ts';
import { describeHolder } from '../../../model/rollout-marker.ts';
import { superseded } from '../../../model/superseded.ts';
import type { Change, Operation, Prepared, RolloutPlan } from '../../../model/workload.ts';
import type { Holder } from '../../marker-annotation.ts';
import { changeService } from './change-service.ts';
import { withLabels } from './labels.ts';
import { type Marking, markingOf } from './marker-control.ts';
import { finalTraffic, isMadeByUs, ourRevision } from './our-revision.ts';
import { type RevisionTemplate, templateFor } from './plan.ts';
import { parseRestoreData, type RestoreData } from './restore-data.ts';
import { hashTemplate } from './revision-name.ts';
import { holderOf, readMarker } from './rollout-annotation.ts';
import { deedsOf, type RunService } from './service.ts';
import {
  describeLatest,
  isNamed,
  requestedTraffic,
  servingTraffic,
  type TrafficEntry,
  templateOf,
  toTargets,
} from './service-document.ts';
import type { SentUpdate, ServiceUpdate } from './service-wire.ts';
import { isAsRequested, isSameShares, isSameTraffic, type OurRevision, withOurs } from './traffic-table.ts';

/** `id`: name of Google's own operation; where that is not known, our revision's. */
export interface RunOperation extends Operation {
  readonly ours: OurRevision;
  /** The traffic that was requested last. */
  readonly traffic: readonly TrafficEntry[];
  /** What Google accepted last; without an `operation`: nothing was sent, or the answer was lost. */
  readonly sent: SentUpdate;
  /** How long the previous revision took to start; null: Google does not tell, or no revision has to start. */
  readonly usualMs: number | null;
  /** Another user's preview, which is newer than our revision, when this was requested. */
  readonly beside?: string | undefined;
  /** Whose marker the service has meanwhile, and until when it was written last, in milliseconds since 1970. */
  readonly run?: RunIdentity | undefined;
  readonly markedUntil: number;
}

/** Chooses the revision's name. Nothing is made: the one call that makes the revision is the one that is journaled. */
export async function prepareChange(run: RunService, change: Change): Promise<Prepared> {
  const revision = await templateFor(run, change);
  return { mark: revision.mark, send: (point, plan) => send(run, revision, { point, plan }) };
}

interface DeployRequest {
  readonly point: RestorePoint;
  readonly plan: RolloutPlan;
}

async function send(
  run: RunService,
  { mark, template }: RevisionTemplate,
  { point, plan: { takeTraffic, markedUntil } }: DeployRequest,
): Promise<RunOperation> {
  const data = parseRestoreData(point, run);
  const ours = ourRevision(run, mark, data);
  const traffic = takeTraffic ? finalTraffic(data, ours) : previewTraffic(data, ours);
  const plan = { ours, template, traffic, data, marking: { point, mark, until: markedUntil } };
  const deeds = deedsOf(run, point).add('sent');
  try {
    const sent = await changeService(run, (service) => decideDeploy(run, service, plan));
    return toOperation(data, { ours, traffic, sent, run: point.run, markedUntil });
  } catch (error) {
    if (isTransient(error)) deeds.add('sent without answer');
    throw error;
  }
}

/** No traffic for ours: what serves, by name, and ours beside it. */
export function previewTraffic({ serving }: RestoreData, ours: OurRevision): readonly TrafficEntry[] {
  return withOurs(serving, ours, 0);
}

interface DeployPlan {
  readonly ours: OurRevision;
  readonly template: JsonObject | null;
  readonly traffic: readonly TrafficEntry[];
  readonly data: RestoreData;
  readonly marking: Marking;
}

/**
 * null: an earlier request, whose answer was lost, has done it.
 * @throws ConflictError when another run was faster; DeployError SUPERSEDED when the service is not as it was captured
 */
function decideDeploy(run: RunService, service: JsonObject, plan: DeployPlan): ServiceUpdate | null {
  const { ours, template, traffic, data, marking } = plan;
  const hasTraffic = isAsRequested(traffic, requestedTraffic(service), ours);
  const holder = holderOf(service, marking.point.run);
  // The name follows from the content, so another run may have made a revision of that name.
  const isSent = marking.point.run ? holder === 'ours' : hasTraffic;
  if (isNamed(service, ours.revision) && isSent) return null;
  ensureAsCaptured(run, service, { holder, data });
  return {
    ...(template ? { template } : {}),
    // Traffic that follows the latest anyway is not mentioned: no entry at all is the user's own form too.
    ...(hasTraffic ? {} : { traffic: toTargets(traffic, service) }),
    labels: withLabels(service, data.ownLabels),
    ...markingOf(service, marking),
  };
}

/** Another run is waited for. A deployment by someone else, which no one may expect to be replaced, is not. */
function ensureAsCaptured(
  run: RunService,
  service: JsonObject,
  { holder, data }: { readonly holder: Holder; readonly data: RestoreData },
): void {
  const marker = readMarker(service);
  const what = `could not deploy to ${run.resource}`;
  if (holder === 'other' && marker) throw new ConflictError(`${what}: ${describeHolder(marker)}`);
  if (isAsCaptured(service, data)) return;
  const changed = `${describeLatest(service)} was deployed meanwhile, or its traffic changed`;
  throw isMadeByUs(run, service) ? new ConflictError(`${what}: ${changed}`) : superseded(`${what}: ${changed}`);
}

/** Template and traffic, and what serves: a revision that became ready since may have taken the traffic. */
export function isAsCaptured(service: JsonObject, { templateHash, requested, serving }: RestoreData): boolean {
  const isSame =
    hashTemplate(templateOf(service)) === templateHash && isSameTraffic(requestedTraffic(service), requested);
  return isSame && isSameShares(servingTraffic(service), serving);
}

export function toOperation(
  { usualMs }: RestoreData,
  { ours, traffic, sent, run, markedUntil }: Pick<RunOperation, 'ours' | 'traffic' | 'sent' | 'run' | 'markedUntil'>,
): RunOperation {
  const { revision } = ours;
  return {
    id: sent.operation || revision,
    mark: revision,
    goal: { kind: 'up' },
    ...{ revision, ours, traffic, sent, usualMs, run, markedUntil },
  };
}
