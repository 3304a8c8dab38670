import type { JsonObject } from '../../../model/json.ts';
import { isAsCaptured } from './as-captured.ts';
import { findOurs, isAdopted, type OurChange, type OwnChange } from './our-change.ts';
import { finalTraffic, previewTraffic } from './our-revision.ts';
import { hashOfMark } from './revision-name.ts';
import { holderOf, readMarker } from './rollout-annotation.ts';
import type { RunService } from './service.ts';
import { requestedTraffic } from './service-document.ts';
import { isAsRequested } from './traffic-table.ts';

export interface SentChange {
  /** Without a revision: Google has not made it yet. */
  readonly ours: OurChange;
  /** The revision is known by name, and its traffic was requested with that. */
  readonly isNamed: boolean;
}

/** What the service shows of our change; null: the first request of it has not arrived, or the template is another one. */
export function findSentChange(run: RunService, service: JsonObject, own: OwnChange): SentChange | null {
  const { mark, point, data } = own;
  const { ours, isTemplate } = findOurs(run, service, own);
  if (!isTemplate) return null;
  if (point.run) {
    // The template alone does not say that our request came: a preview that went before, or another run, may have made it.
    if (holderOf(service, point.run) !== 'ours') return null;
    return { ours, isNamed: hashOfMark(mark) === null || readMarker(service)?.made !== undefined };
  }
  if (isAdopted(mark, data) && isAsCaptured(service, data)) return null;
  return { ours, isNamed: ours.revision !== '' && hasOurTraffic(service, ours, own) };
}

function hasOurTraffic(service: JsonObject, ours: OurChange, { data }: OwnChange): boolean {
  const current = requestedTraffic(service);
  return [previewTraffic(data, ours), finalTraffic(data, ours)].some((one) => isAsRequested(one, current, ours));
}
