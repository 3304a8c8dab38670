import { type JsonObject, listAt, objectAt, textAt, valueAt } from '../../model/json.ts';
import type { RunIdentity } from '../../model/restore-point.ts';
import type { RolloutMarker } from '../../model/rollout-marker.ts';
import {
  formatMarkerText,
  type Holder,
  holderOfMarker,
  isReadable,
  markerSchema,
  parseMarkerText,
  type UnreadableMarker,
} from '../marker-annotation.ts';
import { type OwnershipRecord, ownershipSchema } from './managed-fields.ts';

/** Which change the object has: its mark stays, as a note of what was deployed. */
export const CHANGE_ANNOTATION = 'deploy-agent.dev/change';
/** The marker of a rollout, while it is under way. */
export const ROLLOUT_ANNOTATION = 'deploy-agent.dev/rollout';
/** As which every request of ours changes fields. */
export const MANAGER = 'deploy-agent';

const PHASES = ['rolling-out', 'restoring', 'fencing'] as const;
/**
 * What the run is doing. `restoring`: it restores what was there before, so a previous template is its own doing. `fencing`:
 * it only changes the resourceVersion, so that a request which got no answer is refused.
 */
export type RolloutPhase = (typeof PHASES)[number];

export interface ObjectMarker extends RolloutMarker {
  readonly phase: RolloutPhase;
  /** What the request that wrote it took from other field managers. */
  readonly fields: OwnershipRecord;
}

const schema = markerSchema(PHASES).extend({ fields: ownershipSchema });

export type FoundMarker = ObjectMarker | UnreadableMarker;

/** null: the object has none. */
export function findMarker(object: JsonObject): FoundMarker | null {
  return isWrittenByUs(object) ? parseMarkerText(textOf(object), schema) : null;
}

/** The marker that its controller copied to a ReplicaSet or ControllerRevision, where it stays. null: there is none. */
export function readCopy(kept: JsonObject): ObjectMarker | null {
  const found = parseMarkerText(textOf(kept), schema);
  return found && isReadable(found) ? found : null;
}

function textOf(object: JsonObject): string {
  return textAt(object, 'metadata', 'annotations', ROLLOUT_ANNOTATION);
}

/** null: there is none that this version can read. */
export function readMarker(object: JsonObject): ObjectMarker | null {
  const found = findMarker(object);
  return found && isReadable(found) ? found : null;
}

/** One that can't be read says nothing: the template then shows whose it is. */
export function holderOf(object: JsonObject, run: RunIdentity | undefined): Holder {
  return holderOfMarker(readMarker(object), run);
}

/**
 * Another run that began from this change as what serves: so it was deployed wholly, and what follows is no affair of the
 * run that deployed it. null: there is none.
 */
export function findSuccessor(object: JsonObject, mark: string): ObjectMarker | null {
  const marker = readMarker(object);
  return marker && textAt(marker.point.data, 'change') === mark ? marker : null;
}

/** The value of the annotation. */
export function formatMarker(marker: ObjectMarker): string {
  return formatMarkerText(marker, { fields: marker.fields });
}

/**
 * The Deployment controller copies annotations to the ReplicaSet, where nothing removes them, and `kubectl rollout undo`
 * copies those back: such a marker is of a rollout that is over. Its field manager tells.
 */
function isWrittenByUs(object: JsonObject): boolean {
  const entries = listAt(object, 'metadata', 'managedFields');
  const isOwner = (entry: JsonObject): boolean =>
    textAt(entry, 'manager') === MANAGER &&
    valueAt(objectAt(entry, 'fieldsV1'), 'f:metadata', 'f:annotations', `f:${ROLLOUT_ANNOTATION}`) !== undefined;
  return entries.length === 0 || entries.some(isOwner);
}
