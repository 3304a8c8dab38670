import type { RestoreData } from './restore-data.ts';
import { chooseTag, fitsTag, isOurTag, remembersLatest } from './revision-name.ts';
import type { RunService } from './service.ts';
import type { TrafficEntry } from './service-document.ts';
import { finished, type Ours, styleOf, type TrafficStyle } from './traffic-table.ts';

/** Our revision and its tag: the one that a preview (`traffic: 0`) gave it, or a new one. The same in any process. */
export function oursOf(run: RunService, revision: string, data: RestoreData): Ours {
  const tagsBefore = data.wanted.flatMap(({ tag }) => (tag === null ? [] : [tag]));
  const given = findOurTag(data, revision);
  if (given !== null) return { revision, tag: given, tagsBefore };
  // Where no tag fits, only `rolling` gets here, which uses none.
  if (!fitsTag(run.service)) return { revision, tag: '', tagsBefore };
  const followsLatest = styleOfPoint(data) === 'latest';
  return { revision, tag: chooseTag(run.service, revision, { followsLatest, taken: tagsBefore }), tagsBefore };
}

/**
 * The traffic with which our rollout ends: see `finished`. A revision that the table names and that does not serve has
 * failed or is gone: naming it once more would make the change fail for that.
 */
export function lastTraffic(data: RestoreData, ours: Ours): readonly TrafficEntry[] {
  const serving = new Set(data.serves.map(({ revision }) => revision));
  const usable = data.wanted.filter(({ revision }) => revision === null || serving.has(revision));
  return finished(usable, { ours, style: styleOfPoint(data) });
}

/** How the user has traffic assigned. A preview pins it, and its tag remembers what it was before. */
function styleOfPoint({ wanted }: RestoreData): TrafficStyle {
  const remembers = wanted.some(({ revision, tag }) => isOurTag(tag, revision ?? '') && remembersLatest(tag ?? ''));
  return remembers ? 'latest' : styleOf(wanted);
}

function findOurTag({ wanted }: RestoreData, revision: string): string | null {
  return wanted.find((entry) => entry.revision === revision && isOurTag(entry.tag, revision))?.tag ?? null;
}
