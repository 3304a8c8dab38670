import type { MarkerControl } from '../../model/marker-control.ts';
import { ifSame } from './change-object.ts';
import type { ClusterWorkload } from './cluster-workload.ts';
import { markerAnnotation, withoutOurMarker } from './marking.ts';
import { holderOf, readMarker } from './rollout-annotation.ts';
import { objectAnnotations } from './template-patch.ts';
import { updateObject } from './update-object.ts';

/** See `Workload.marker`. A change of the annotations alone makes no pod. */
export function openMarkerControl(run: ClusterWorkload): MarkerControl {
  return {
    async renew({ run: own }, _mark, until) {
      await updateObject(run, (object) => {
        const marker = holderOf(object, own) === 'ours' ? readMarker(object) : null;
        if (!marker || marker.until >= until) return [];
        return [
          ...ifSame(object, 'uid', 'generation'),
          ...objectAnnotations(object, markerAnnotation({ ...marker, until })),
        ];
      });
    },
    async remove(point) {
      await updateObject(run, (object) => {
        const removal = withoutOurMarker(object, point);
        return removal.length > 0 ? [...ifSame(object, 'uid'), ...removal] : [];
      });
    },
  };
}
