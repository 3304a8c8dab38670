import * as z from 'zod';
import { type JsonObject, objectAt, textAt } from '../../../model/json.ts';
import type { RunIdentity } from '../../../model/restore-point.ts';
import type { RolloutMarker } from '../../../model/rollout-marker.ts';
import {
  formatMarkerText,
  type Holder,
  holderOfMarker,
  isReadable,
  markerSchema,
  parseMarkerText,
  type UnreadableMarker,
} from '../../marker-annotation.ts';

/**
 * One annotation of the service is the marker of a rollout. Changing annotations makes no revision, and v2 refuses only the
 * namespaces of Google and Knative.
 * https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.services#Service.FIELDS.annotations
 */
export const ROLLOUT_ANNOTATION = 'deploy-agent/rollout';
/** Hash of a template of ours that stayed although its rollout did not succeed, and that no tag shows to be ours. */
const KEPT_ANNOTATION = 'deploy-agent/kept';

const PHASES = ['creating', 'rolling-out', 'restoring', 'superseded', 'fencing'] as const;
/**
 * What the run is doing. `creating`: the first request was accepted, and the name of the revision is not in the traffic yet.
 * `restoring`: it restores what was there before, so a previous template is its own doing.
 * `superseded`: the same, beside the traffic of another user, which stays. `fencing`: it only changes the etag, so that a
 * request which got no answer is refused.
 */
export type RolloutPhase = (typeof PHASES)[number];

export interface ServiceMarker extends RolloutMarker {
  readonly phase: RolloutPhase;
  /** Hash of our template in the form that Google stores, as soon as that is known. */
  readonly template?: string | undefined;
}

const schema = markerSchema(PHASES).extend({
  made: z.string().min(1).optional(),
  template: z.string().min(1).optional(),
});

export type FoundMarker = ServiceMarker | UnreadableMarker;

/** null: the service has none. */
export function findMarker(service: JsonObject): FoundMarker | null {
  return parseMarkerText(textAt(objectAt(service, 'annotations'), ROLLOUT_ANNOTATION), schema);
}

/** null: there is none that this version can read. */
export function readMarker(service: JsonObject): ServiceMarker | null {
  const found = findMarker(service);
  return found && isReadable(found) ? found : null;
}

/** One that can't be read says nothing: template and traffic then show whose the service is. */
export function holderOf(service: JsonObject, run: RunIdentity | undefined): Holder {
  return holderOfMarker(readMarker(service), run);
}

/**
 * Another run that began from this revision as what serves alone: so it was deployed wholly, and what follows is no affair of
 * the run that deployed it. null: there is none.
 */
export function findSuccessor(service: JsonObject, revision: string): ServiceMarker | null {
  const marker = readMarker(service);
  return marker?.point.revision === revision ? marker : null;
}

/** The service's annotations with this marker, and no other touched. */
export function withMarker(service: JsonObject, marker: ServiceMarker): JsonObject {
  const { made, template } = marker;
  const text = formatMarkerText(marker, { made, template });
  return { ...objectAt(service, 'annotations'), [ROLLOUT_ANNOTATION]: text };
}

/** '': none was. */
export function readKept(service: JsonObject): string {
  return textAt(objectAt(service, 'annotations'), KEPT_ANNOTATION);
}

/** `hash`: see `readKept`. */
export function withKept(annotations: JsonObject, hash: string): JsonObject {
  const { [KEPT_ANNOTATION]: _, ...others } = annotations;
  return hash === '' ? others : { ...others, [KEPT_ANNOTATION]: hash };
}

export function withoutMarker(service: JsonObject): JsonObject {
  const { [ROLLOUT_ANNOTATION]: _, ...others } = objectAt(service, 'annotations');
  return others;
}
