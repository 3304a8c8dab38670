import * as z from 'zod';
import { tryParseJson } from '../model/json.ts';
import type { RunIdentity } from '../model/restore-point.ts';
import type { RolloutMarker } from '../model/rollout-marker.ts';

// The marker of a rollout as the text of one annotation, for the targets that keep it so.

const VERSION = 1;

/** `until`: how long one holds that this version can't read; null: it doesn't say. */
export interface UnreadableMarker {
  readonly unreadable: true;
  readonly until: number | null;
}

/** Milliseconds since 1970: what a date can hold. */
const time = z.number().min(0).max(8.64e15);
/** Of every version. */
const anyVersion = z.object({ until: time });

/** `phases`: what a run may be doing, in words of the target. */
export function markerSchema<const Phases extends readonly [string, ...string[]]>(phases: Phases) {
  return z.object({
    version: z.literal(VERSION),
    phase: z.enum(phases),
    run: z.object({ id: z.string().min(1), name: z.string(), since: time }),
    until: time,
    mark: z.string().min(1),
    resource: z.string(),
    revision: z.string().nullable(),
    data: z.record(z.string(), z.unknown()),
  });
}

type Written = z.infer<ReturnType<typeof markerSchema>>;
type Read<Document extends Written> = Omit<Document, 'version' | 'resource' | 'revision' | 'data'> &
  Pick<RolloutMarker, 'point'>;

/** null: `text` is '', as there is none. */
export function parseMarkerText<Document extends Written>(
  text: string,
  schema: z.ZodType<Document>,
): Read<Document> | UnreadableMarker | null {
  if (text === '') return null;
  const document = tryParseJson(text);
  const { data: read } = schema.safeParse(document);
  if (!read) return { unreadable: true, until: anyVersion.safeParse(document).data?.until ?? null };
  const { version: _, resource, revision, data, ...marker } = read;
  return { ...marker, point: { resource, revision, data, run: marker.run } };
}

/** `more`: members that only this target has. */
export function formatMarkerText(
  { phase, run, until, mark, point }: RolloutMarker & { readonly phase: string },
  more: object = {},
): string {
  const { resource, revision, data } = point;
  return JSON.stringify({ version: VERSION, phase, run, until, mark, resource, revision, data, ...more });
}

export function isReadable<Marker extends RolloutMarker>(found: Marker | UnreadableMarker): found is Marker {
  return !('unreadable' in found);
}

/** Who is rolling out. */
export type Holder = 'ours' | 'other' | 'none';

export function holderOfMarker(marker: RolloutMarker | null, run: RunIdentity | undefined): Holder {
  if (!marker || !run) return 'none';
  return marker.run.id === run.id ? 'ours' : 'other';
}
