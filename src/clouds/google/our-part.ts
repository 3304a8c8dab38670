import type { RestoreData } from './restore-data.ts';
import { chooseTag, fitsTag, isOurTag, remembersLatest } from './revision-name.ts';
import type { RunService } from './run-service.ts';
import { type Ours, styleOf, type TrafficStyle } from './traffic-plan.ts';

/** Our revision and its tag: the one that a preview (`traffic: 0`) gave it, or a new one. The same in any process. */
export function oursOf(run: RunService, revision: string, data: RestoreData): Ours {
  const given = findOurTag(data, revision);
  if (given !== null) return { revision, tag: given };
  const taken = data.serves.flatMap(({ tag }) => (tag === null ? [] : [tag]));
  // Where no tag fits, only `rolling` gets here, which uses none.
  if (!fitsTag(run.service)) return { revision, tag: '' };
  const followsLatest = styleOfPoint(data) === 'latest';
  return { revision, tag: chooseTag(run.service, revision, { followsLatest, taken }) };
}

/** How the user has traffic assigned. A preview pins it, and its tag remembers what it was before. */
export function styleOfPoint({ wanted }: RestoreData): TrafficStyle {
  const remembers = wanted.some(({ revision, tag }) => isOurTag(tag, revision ?? '') && remembersLatest(tag ?? ''));
  return remembers ? 'latest' : styleOf(wanted);
}

function findOurTag({ wanted }: RestoreData, revision: string): string | null {
  return wanted.find((entry) => entry.revision === revision && isOurTag(entry.tag, revision))?.tag ?? null;
}
