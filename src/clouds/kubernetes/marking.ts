import type { JsonObject } from '../../model/json.ts';
import type { ChangeMark, RestorePoint } from '../../model/restore-point.ts';
import type { PatchOperation } from './json-patch.ts';
import type { OwnershipRecord } from './managed-fields.ts';
import { formatMarker, holderOf, ROLLOUT_ANNOTATION, type RolloutPhase } from './rollout-annotation.ts';
import { objectAnnotations } from './template-patch.ts';

export interface Marking {
  readonly point: RestorePoint;
  readonly mark: ChangeMark;
  readonly until: number;
  readonly phase: RolloutPhase;
  readonly fields: OwnershipRecord;
}

export const NO_FIELDS: OwnershipRecord = { own: [], taken: [] };

/** The annotation of our marker, for `objectAnnotations`; nothing where the point names no run. */
export function markerAnnotation({ point, mark, until, phase, fields }: Marking): Readonly<Record<string, string>> {
  if (!point.run) return {};
  return { [ROLLOUT_ANNOTATION]: formatMarker({ run: point.run, point, mark, until, phase, fields }) };
}

/** What removes our marker; []: it isn't there. */
export function withoutOurMarker(object: JsonObject, { run }: RestorePoint): readonly PatchOperation[] {
  return holderOf(object, run) === 'ours' ? objectAnnotations(object, { [ROLLOUT_ANNOTATION]: null }) : [];
}
