import { type JsonObject, numberAt } from '../../model/json.ts';
import type { RestorePoint } from '../../model/restore-point.ts';
import { superseded } from '../../model/superseded.ts';
import { isOurs } from './change-mark.ts';
import { ifSame } from './change-object.ts';
import type { ClusterWorkload } from './cluster-workload.ts';
import { isEmpty } from './ensure-deployable.ts';
import type { PatchOperation } from './json-patch.ts';
import type { KubeOperation } from './kube-operation.ts';
import { takenBelow, withGivenBack } from './managed-fields.ts';
import { NO_FIELDS, withoutOurMarker } from './marking.ts';
import { describeConflicts } from './ownership.ts';
import { parseRestoreData, type RestoreData } from './restore-data.ts';
import { findSuccessor, MANAGER, readMarker } from './rollout-annotation.ts';
import { updateObject } from './update-object.ts';

/** See `Workload.finish`: history limit as it was, marker removed. null: another run starts from what we deployed. */
export async function finishRollout(
  run: ClusterWorkload,
  operation: KubeOperation,
  point: RestorePoint,
): Promise<KubeOperation | null> {
  const data = parseRestoreData(point, run);
  let notes: readonly string[] = [];
  let isOver = false;
  const ensureOurs = (object: JsonObject): boolean => {
    isOver = findSuccessor(object, operation.mark) !== null;
    if (isOver) return false;
    if (isOurs(object, operation.mark)) return true;
    throw superseded(`could not finish ${operation.revision}: another deployment changed ${run.resource}`);
  };
  if (data.raisedLimit !== null) {
    await updateObject(run, (object) => (ensureOurs(object) ? limitAsBefore(object, data) : []));
  }
  await updateObject(run, (object) => {
    if (!ensureOurs(object)) return [];
    const { fields } = readMarker(object) ?? { fields: NO_FIELDS };
    const empty = run.allowsEmpty && isEmpty(run, object);
    notes = [...describeConflicts(fields), ...(empty ? [NOTHING_MEASURED] : [])];
    return removal(object, point, fields);
  });
  return isOver ? null : { ...operation, goal: { kind: 'finished' }, notes };
}

const NOTHING_MEASURED = 'Nothing of it runs, as the workload has no pods, so nothing was measured (`allow-empty`).';

/** Only where it still is what we raised it to. Before the marker goes, as a limit of 0 takes the previous template away. */
export function limitAsBefore(
  object: JsonObject,
  { historyLimit, raisedLimit }: RestoreData,
): readonly PatchOperation[] {
  if (raisedLimit === null || numberAt(object, 'spec', 'revisionHistoryLimit') !== raisedLimit) return [];
  return [
    ...ifSame(object, 'uid', 'generation'),
    { op: 'add', path: '/spec/revisionHistoryLimit', value: historyLimit },
  ];
}

function removal(
  object: JsonObject,
  point: RestorePoint,
  fields: Parameters<typeof takenBelow>[0],
): readonly PatchOperation[] {
  const marker = withoutOurMarker(object, point);
  if (marker.length === 0) return [];
  // The limit is as its owner wants it again; the image is not.
  const given = withGivenBack(object, takenBelow(fields, ['f:spec', 'f:revisionHistoryLimit']), MANAGER);
  const entries: readonly PatchOperation[] = given
    ? [{ op: 'replace', path: '/metadata/managedFields', value: given }]
    : [];
  return [...ifSame(object, 'uid', 'resourceVersion'), ...marker, ...entries];
}
