import type { JsonObject } from '../../../model/json.ts';
import type { MarkerControl } from '../../../model/marker-control.ts';
import type { ChangeMark, RestorePoint } from '../../../model/restore-point.ts';
import { changeService } from './change-service.ts';
import { holderOf, type RolloutPhase, readMarker, withMarker, withoutMarker } from './rollout-annotation.ts';
import type { RunService } from './service.ts';
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
      await changeService(run, (service) => withoutOurMarker(service, point));
    },
  };
}

export interface Marking {
  readonly point: RestorePoint;
  readonly mark: ChangeMark;
  readonly until: number;
  readonly phase?: RolloutPhase;
}

/** What a request adds to itself to write our marker; nothing where the point names no run. */
export function markingOf(service: JsonObject, { point, mark, until, phase = 'rolling-out' }: Marking): ServiceUpdate {
  if (!point.run) return {};
  return { annotations: withMarker(service, { run: point.run, point, mark, until, phase }) };
}

/** What a request adds to itself to remove our marker; null: it isn't there. */
export function withoutOurMarker(service: JsonObject, { run }: RestorePoint): ServiceUpdate | null {
  return holderOf(service, run) === 'ours' ? { annotations: withoutMarker(service) } : null;
}
