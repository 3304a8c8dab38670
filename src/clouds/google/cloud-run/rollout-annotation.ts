import * as z from 'zod';
import { type JsonObject, objectAt, textAt, tryParseJson } from '../../../model/json.ts';
import type { RunIdentity } from '../../../model/restore-point.ts';
import type { RolloutMarker } from '../../../model/rollout-marker.ts';

/**
 * One annotation of the service is the marker of a rollout. Changing annotations makes no revision, and v2 refuses only the
 * namespaces of Google and Knative.
 * https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.services#Service.FIELDS.annotations
 */
export const ROLLOUT_ANNOTATION = 'deploy-agent/rollout';
const VERSION = 1;

const PHASES = ['rolling-out', 'restoring', 'superseded', 'fencing'] as const;
/**
 * What the run is doing. `restoring`: it restores what was there before, so a previous template is its own doing.
 * `superseded`: the same, beside the traffic of another user, which stays. `fencing`: it only changes the etag, so that a
 * request which got no answer is refused.
 */
export type RolloutPhase = (typeof PHASES)[number];

export interface ServiceMarker extends RolloutMarker {
  readonly phase: RolloutPhase;
}

/** Milliseconds since 1970: what a date can hold. */
const time = z.number().min(0).max(8.64e15);
const schema = z.object({
  version: z.literal(VERSION),
  phase: z.enum(PHASES),
  run: z.object({ id: z.string().min(1), name: z.string(), since: time }),
  until: time,
  mark: z.string().min(1),
  resource: z.string(),
  revision: z.string().nullable(),
  data: z.record(z.string(), z.unknown()),
});
/** Of every version. */
const anyVersion = z.object({ until: time });

/** `until`: how long one holds that this version can't read; null: it doesn't say. */
export type FoundMarker = ServiceMarker | { readonly unreadable: true; readonly until: number | null };

/** null: the service has none. */
export function findMarker(service: JsonObject): FoundMarker | null {
  const text = textAt(objectAt(service, 'annotations'), ROLLOUT_ANNOTATION);
  if (text === '') return null;
  const document = tryParseJson(text);
  const { data: read } = schema.safeParse(document);
  if (!read) return { unreadable: true, until: anyVersion.safeParse(document).data?.until ?? null };
  const { version: _, resource, revision, data, ...marker } = read;
  return { ...marker, point: { resource, revision, data, run: marker.run } };
}

/** null: there is none that this version can read. */
export function readMarker(service: JsonObject): ServiceMarker | null {
  const found = findMarker(service);
  return found && !('unreadable' in found) ? found : null;
}

/** Who is rolling out. One that can't be read says nothing: template and traffic then show whose the service is. */
export type Holder = 'ours' | 'other' | 'none';

export function holderOf(service: JsonObject, run: RunIdentity | undefined): Holder {
  const marker = readMarker(service);
  if (!marker || !run) return 'none';
  return marker.run.id === run.id ? 'ours' : 'other';
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
  const { phase, run, until, mark } = marker;
  const { resource, revision, data } = marker.point;
  const document = { version: VERSION, phase, run, until, mark, resource, revision, data };
  return { ...objectAt(service, 'annotations'), [ROLLOUT_ANNOTATION]: JSON.stringify(document) };
}

export function withoutMarker(service: JsonObject): JsonObject {
  const { [ROLLOUT_ANNOTATION]: _, ...others } = objectAt(service, 'annotations');
  return others;
}
