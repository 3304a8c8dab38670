import type { JsonObject } from '../../../model/json.ts';
import { describeHolder } from '../../../model/rollout-marker.ts';
import { superseded } from '../../../model/superseded.ts';
import type { RunOperation } from './deploy.ts';
import { isBesidePreview, targetsBeside } from './others-preview.ts';
import { hasOurTemplate } from './our-change.ts';
import { holderOf, readMarker } from './rollout-annotation.ts';
import type { RunService } from './service.ts';
import { describeLatest, formatShares, requestedTraffic, type TrafficEntry } from './service-document.ts';
import type { ServiceUpdate } from './service-wire.ts';
import { isAsRequested } from './traffic-table.ts';

/**
 * What moves the traffic to `traffic`; null: it is so already.
 * @throws DeployError SUPERSEDED when the service is not as our last request left it
 */
export function decideMove(
  run: RunService,
  service: JsonObject,
  { operation, traffic }: { readonly operation: RunOperation; readonly traffic: readonly TrafficEntry[] },
): ServiceUpdate | null {
  const { ours } = operation;
  const current = requestedTraffic(service);
  ensureOurs(run, service, operation);
  if (isAsRequested(traffic, current, ours)) return null;
  if (!isAsRequested(operation.traffic, current, ours) && !isBesidePreview(service, operation)) {
    throw notMoved(run, `another user or deployment changed it to ${formatShares(current)}`);
  }
  return { traffic: targetsBeside(service, traffic, ours) };
}

/** @throws DeployError SUPERSEDED when the newest revision is another one, or another run is rolling out */
export function ensureOurs(run: RunService, service: JsonObject, operation: RunOperation): void {
  const marker = readMarker(service);
  if (marker && holderOf(service, operation.run) === 'other') throw notMoved(run, describeHolder(marker));
  if (hasOurTemplate(service, operation.ours) || isBesidePreview(service, operation)) return;
  throw notMoved(run, `${describeLatest(service)} was deployed after ${operation.ours.revision}`);
}

function notMoved({ resource }: RunService, why: string): Error {
  return superseded(`could not move the traffic of ${resource}: ${why}`);
}
