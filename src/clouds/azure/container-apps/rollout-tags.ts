import * as z from 'zod';
import { type JsonObject, objectAt, textAt, tryParseJson } from '../../../model/json.ts';
import type { RolloutMarker } from '../../../model/rollout-marker.ts';

/**
 * Tags of the app are the markers of rollouts. Each run writes tags of its own name, because Azure has no conditional update:
 * of one tag for all, a request that arrives late would overwrite the marker of the run that was faster. A tag has 256
 * characters at most, so a marker is cut into pieces.
 * https://learn.microsoft.com/azure/azure-resource-manager/management/tag-resources#limitations
 */
const TAG = /^deploy-agent-rollout-([0-9a-z]{1,40})-(\d{1,2})$/;
const LONGEST_VALUE = 256;
const MOST_TAGS = 50;
const VERSION = 1;

/** `claiming`: it has not been read back yet, and moves no traffic. */
export type RolloutPhase = 'claiming' | 'rolling-out';

export interface AppMarker extends RolloutMarker {
  readonly phase: RolloutPhase;
}

/** `until`: how long one holds that this version can't read; null: it doesn't say. */
export interface UnreadableMarker {
  readonly id: string;
  readonly until: number | null;
}

export interface FoundMarkers {
  readonly markers: readonly AppMarker[];
  readonly unreadable: readonly UnreadableMarker[];
}

/** Milliseconds since 1970: what a date can hold. */
const time = z.number().min(0).max(8.64e15);
const schema = z.object({
  version: z.literal(VERSION),
  phase: z.enum(['claiming', 'rolling-out']),
  name: z.string(),
  since: time,
  until: time,
  mark: z.string().min(1),
  revision: z.string().nullable(),
  data: z.record(z.string(), z.unknown()),
});
/** Of every version. */
const anyVersion = z.object({ until: time });

/** `resource`: what a restore point of this app names, which is the same in all of them. */
export function findMarkers(document: JsonObject, resource: string): FoundMarkers {
  const markers: AppMarker[] = [];
  const unreadable: UnreadableMarker[] = [];
  for (const [id, text] of joinPieces(objectAt(document, 'tags'))) {
    const content = tryParseJson(text);
    const { data: read } = schema.safeParse(content);
    if (!read) {
      unreadable.push({ id, until: anyVersion.safeParse(content).data?.until ?? null });
      continue;
    }
    const { phase, name, since, until, mark, revision, data } = read;
    const run = { id, name, since };
    markers.push({ phase, run, until, mark, point: { resource, revision, data, run } });
  }
  return { markers, unreadable };
}

/** By run. */
function joinPieces(tags: JsonObject): ReadonlyMap<string, string> {
  const pieces = Object.keys(tags).flatMap((tag) => {
    const [, id, n] = TAG.exec(tag) ?? [];
    return id === undefined ? [] : [{ id, n: Number(n), text: textAt(tags, tag) }];
  });
  const texts = new Map<string, string>();
  for (const { id, text } of pieces.sort((one, other) => one.n - other.n))
    texts.set(id, `${texts.get(id) ?? ''}${text}`);
  return texts;
}

/** A tag's text, or null to remove it: the request is a merge patch, in which other tags are not touched. */
export type TagPatch = Readonly<Record<string, string | null>>;

/** null: the app has no room for so many tags more. */
export function tagsOf(document: JsonObject, { phase, run, until, mark, point }: AppMarker): TagPatch | null {
  const { revision, data } = point;
  const { name, since } = run;
  const text = JSON.stringify({ version: VERSION, phase, name, since, until, mark, revision, data });
  const count = Math.ceil(text.length / LONGEST_VALUE);
  const others = Object.keys(objectAt(document, 'tags')).filter((tag) => runOf(tag) !== run.id);
  if (others.length + count > MOST_TAGS) return null;
  const pieces = Array.from({ length: count }, (_, index): [string, string] => [
    `deploy-agent-rollout-${run.id}-${index + 1}`,
    text.slice(index * LONGEST_VALUE, (index + 1) * LONGEST_VALUE),
  ]);
  return { ...withoutTagsOf(document, run.id), ...Object.fromEntries(pieces) };
}

/** Removes every piece of this run's marker. */
export function withoutTagsOf(document: JsonObject, id: string): TagPatch {
  const own = Object.keys(objectAt(document, 'tags')).filter((tag) => runOf(tag) === id);
  return Object.fromEntries(own.map((tag) => [tag, null]));
}

export function isMarkedBy(document: JsonObject, id: string): boolean {
  return Object.keys(objectAt(document, 'tags')).some((tag) => runOf(tag) === id);
}

function runOf(tag: string): string | null {
  return TAG.exec(tag)?.[1] ?? null;
}
