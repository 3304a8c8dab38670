import { ConflictError } from '../../../model/conflict.ts';
import type { JsonObject } from '../../../model/json.ts';
import { describeHolder } from '../../../model/rollout-marker.ts';
import { superseded } from '../../../model/superseded.ts';
import type { RolloutPlan } from '../../../model/workload.ts';
import { isAsCaptured } from './as-captured.ts';
import { withLabels } from './labels.ts';
import { markingOf } from './marker-control.ts';
import { targetsBeside } from './others-preview.ts';
import { findOurs, type OurChange, type OwnChange } from './our-change.ts';
import { finalTraffic, isMadeByUs, previewTraffic, styleOfPoint } from './our-revision.ts';
import { hashOfMark } from './revision-name.ts';
import { firstLine } from './revision-state.ts';
import { holderOf, readMarker } from './rollout-annotation.ts';
import { findSentChange } from './sent-change.ts';
import type { RunService } from './service.ts';
import {
  describeLatest,
  formatShares,
  progressOf,
  requestedTraffic,
  type TrafficEntry,
  toTargets,
} from './service-document.ts';
import type { ServiceUpdate } from './service-wire.ts';
import { isAsRequested } from './traffic-table.ts';

export interface DeployRequest extends OwnChange {
  /** null: the service has it already. */
  readonly template: JsonObject | null;
  readonly plan: RolloutPlan;
  /** Generation of the service after our last request; 0: none was answered. */
  readonly accepted: number;
}

/** `update` null: nothing has to be sent, or nothing can be yet. */
export interface DeployStep {
  readonly update: ServiceUpdate | null;
  /** What is requested then, or was before; null: Google has not named our revision yet. */
  readonly requested: RequestedTraffic | null;
  /** What Google says where it has not, and does nothing any more; absent: it is working, or done. */
  readonly idle?: string;
}

interface RequestedTraffic {
  readonly ours: OurChange;
  readonly traffic: readonly TrafficEntry[];
}

const WAIT: DeployStep = { update: null, requested: null };

/**
 * The first request makes the revision. Where the platform has to name it, the traffic stays where it is until the second
 * request, which gives our revision its tag or its share by name. `latest` needs no name to give it a share.
 * @throws ConflictError when another run was faster; DeployError SUPERSEDED when the service is not as it was left
 */
export function decideDeploy(run: RunService, service: JsonObject, request: DeployRequest): DeployStep {
  if (progressOf(service).generation < request.accepted) return WAIT;
  const found = findSentChange(run, service, request);
  if (!found) return decideFirst(run, service, request);
  const { ours, isNamed } = found;
  if (ours.revision === '') {
    const { reconciling, message } = progressOf(service);
    return reconciling ? WAIT : { ...WAIT, idle: firstLine(message) };
  }
  const requested = { ours, traffic: trafficOf(request, ours) };
  return { update: isNamed ? null : decideSecond(run, service, request, requested), requested };
}

function decideFirst(run: RunService, service: JsonObject, request: DeployRequest): DeployStep {
  const { mark, template, point, plan, data } = request;
  ensureAsCaptured(run, service, request);
  const isNamed = hashOfMark(mark) === null;
  const { ours } = findOurs(run, service, request);
  const traffic = isNamed ? trafficOf(request, ours) : firstTraffic(request, ours);
  const update: ServiceUpdate = {
    ...(template ? { template } : {}),
    // Traffic that follows the latest anyway is not mentioned: no entry at all is the user's own form too.
    ...(isAsRequested(traffic, requestedTraffic(service), ours) ? {} : { traffic: toTargets(traffic, service) }),
    labels: withLabels(service, data.ownLabels),
    ...markingOf(service, { point, mark, until: plan.markedUntil, phase: isNamed ? 'rolling-out' : 'creating' }),
  };
  return { update, requested: isNamed ? { ours, traffic } : null };
}

/** Traffic by name, and the name in the marker. @throws DeployError SUPERSEDED when the traffic is not as we left it */
function decideSecond(
  run: RunService,
  service: JsonObject,
  request: DeployRequest,
  { ours, traffic }: RequestedTraffic,
): ServiceUpdate {
  const { mark, point, plan } = request;
  const current = requestedTraffic(service);
  if (!isAsRequested(firstTraffic(request, ours), current, ours)) {
    const why = `another user or deployment changed the traffic to ${formatShares(current)}`;
    throw superseded(`could not deploy to ${run.resource}: ${why}`);
  }
  return {
    ...(isAsRequested(traffic, current, ours) ? {} : { traffic: targetsBeside(service, traffic, ours) }),
    ...markingOf(service, { point, mark, until: plan.markedUntil, ours }),
  };
}

/** As the plan has it, for a revision with a name. */
function trafficOf({ plan, data }: DeployRequest, ours: OurChange): readonly TrafficEntry[] {
  return plan.takeTraffic ? finalTraffic(data, ours) : previewTraffic(data, ours);
}

/** Without its name: the latest where the user's traffic follows that and it may, else what serves, by name. */
function firstTraffic({ plan, data }: DeployRequest, ours: OurChange): readonly TrafficEntry[] {
  if (plan.takeTraffic && styleOfPoint(data) === 'latest') return finalTraffic(data, ours);
  return data.serving.filter(({ percent, tag }) => percent > 0 || tag !== null);
}

/** Another run is waited for. A deployment by someone else, which no one may expect to be replaced, is not. */
function ensureAsCaptured(run: RunService, service: JsonObject, { point, data, accepted }: DeployRequest): void {
  const marker = readMarker(service);
  const holder = holderOf(service, point.run);
  // Our first request has arrived already, and its template isn't there any more.
  const isReplaced = holder === 'ours' || accepted > 0;
  const isOthers = holder === 'other' && marker !== null;
  if (!isReplaced && !isOthers && isAsCaptured(service, data)) return;
  const changed = `${describeLatest(service)} was deployed meanwhile, or its traffic changed`;
  const message = `could not deploy to ${run.resource}: ${isOthers ? describeHolder(marker) : changed}`;
  const mayBeWaitedFor = !isReplaced && (isOthers || isMadeByUs(service));
  throw mayBeWaitedFor ? new ConflictError(message) : superseded(message);
}
