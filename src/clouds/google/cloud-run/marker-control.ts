import type { JsonObject } from '../../../model/json.ts';
import type { MarkerControl } from '../../../model/marker-control.ts';
import type { ChangeMark, RestorePoint } from '../../../model/restore-point.ts';
import { changeService } from './change-service.ts';
import type { OurChange } from './our-change.ts';
import { isMadeByUs } from './our-revision.ts';
import { hashTemplate } from './revision-name.ts';
import { holderOf, type RolloutPhase, readMarker, withKept, withMarker, withoutMarker } from './rollout-annotation.ts';
import type { RunService } from './service.ts';
import { templateOf } from './service-document.ts';
import type { ServiceUpdate } from './service-wire.ts';

/** See `Workload.marker`. A change of the annotations alone makes no revision and moves no traffic. */
export function openMarkerControl(run: RunService): MarkerControl {
  return {
    async renew({ run: own }, _mark, until) {
      await changeService(run, (service) => {
        const marker = holderOf(service, own) === 'ours' ? readMarker(service) : null;
        return marker && marker.until < until ? { annotations: withMarker(service, { ...marker, until }) } : null;
      });
    },
    async remove(point) {
      await changeService(run, (service) => keepOurTemplate(service, point));
    },
  };
}

export interface Marking {
  readonly point: RestorePoint;
  readonly mark: ChangeMark;
  readonly until: number;
  readonly phase?: RolloutPhase;
  /** What the second request notes; later ones keep it. */
  readonly ours?: OurChange;
}

/** What a request adds to itself to write our marker; nothing where the point names no run. */
export function markingOf(
  service: JsonObject,
  { point, mark, until, phase = 'rolling-out', ours }: Marking,
): ServiceUpdate {
  const { run } = point;
  if (!run) return {};
  const { made, template } = (holderOf(service, run) === 'ours' && readMarker(service)) || {};
  const noted = ours ? { made: ours.revision, template: ours.template.hash ?? undefined } : { made, template };
  return { annotations: withMarker(service, { run, point, mark, until, phase, ...noted }) };
}

/** What a request adds to itself to remove our marker; null: it isn't there. */
export function withoutOurMarker(
  service: JsonObject,
  { run }: RestorePoint,
): Required<Pick<ServiceUpdate, 'annotations'>> | null {
  return holderOf(service, run) === 'ours' ? { annotations: withoutMarker(service) } : null;
}

/** As `withoutOurMarker`, where our template stays without success: the next run has to know whose it is. */
export function keepOurTemplate(service: JsonObject, point: RestorePoint): ServiceUpdate | null {
  const removal = withoutOurMarker(service, point);
  const isForgotten = removal && isMadeByUs(service) && !isMadeByUs({ ...service, ...removal });
  return isForgotten ? { annotations: withKept(removal.annotations, hashTemplate(templateOf(service))) } : removal;
}

/** As `withoutOurMarker`, after a success: what was kept before is replaced. */
export function finishOurMarker(service: JsonObject, point: RestorePoint): ServiceUpdate | null {
  const removal = withoutOurMarker(service, point);
  return removal && { annotations: withKept(removal.annotations, '') };
}
