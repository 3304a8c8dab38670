import { type JsonObject, textAt } from '../../../model/json.ts';
import type { RestoreData } from './restore-data.ts';
import { chooseTag, fitsTag, hashOfMark, hashTemplate, isOurTag, remembersLatest } from './revision-name.ts';
import { readKept, readMarker } from './rollout-annotation.ts';
import type { RunService } from './service.ts';
import { requestedTraffic, type TrafficEntry, templateOf, templateRevision } from './service-document.ts';
import { finished, type OurRevision, styleOf, type TrafficStyle, withOurs } from './traffic-table.ts';

/** Our revision and its tag: the one that a preview (`traffic: 0`) gave it, or a new one. '': not known, as it has no name yet. */
export function ourRevision(run: RunService, revision: string, data: RestoreData): OurRevision {
  const previousTags = data.requested.flatMap(({ tag }) => (tag === null ? [] : [tag]));
  const given = findOurTag(data, revision);
  if (given !== null) return { revision, tag: given, previousTags };
  // Where no tag fits, only `rolling` gets here, which uses none.
  if (revision === '' || !fitsTag(run.service)) return { revision, tag: '', previousTags };
  const followsLatest = styleOfPoint(data) === 'latest';
  return { revision, tag: chooseTag(run.service, revision, { followsLatest, taken: previousTags }), previousTags };
}

/** No traffic for ours: what serves, by name, and ours beside it. */
export function previewTraffic({ serving }: RestoreData, ours: OurRevision): readonly TrafficEntry[] {
  return withOurs(serving, ours, 0);
}

/**
 * The traffic with which our rollout ends: see `finished`. A revision that the table names and that does not serve has
 * failed or was deleted: naming it again would make the change fail for that. Previews of ours that no deploy took up are
 * left out: their number would grow with each.
 */
export function finalTraffic(
  data: RestoreData,
  ours: OurRevision,
  style: TrafficStyle = styleOfPoint(data),
): readonly TrafficEntry[] {
  const serving = new Set(data.serving.map(({ revision }) => revision));
  const usable = data.requested.filter(
    (entry) => entry.revision === null || (serving.has(entry.revision) && !isAbandonedPreview(entry, ours)),
  );
  return finished(usable, { ours, style });
}

/**
 * The traffic that a rollback restores. A tag that was not in effect is left out: its revision did not start, and naming it
 * again makes the change fail, as in `finalTraffic`.
 */
export function restorableTraffic({ requested, serving }: RestoreData): readonly TrafficEntry[] {
  const inEffect = new Set(serving.map(({ tag }) => tag));
  return requested.filter(({ percent, tag }) => percent > 0 || inEffect.has(tag));
}

/** How the user has traffic assigned. A preview pins it, and its tag says how it was assigned until then. */
export function styleOfPoint({ requested }: RestoreData): TrafficStyle {
  const remembers = requested.some(({ revision, tag }) => isOurTag(tag, revision ?? '') && remembersLatest(tag ?? ''));
  return remembers ? 'latest' : styleOf(requested);
}

/**
 * Is the newest revision one that a run of this action made, and that is not live yet? A tag of ours follows from the name of
 * its revision; where there is none, an annotation says it. What a finished rollout made is live, as any other revision.
 */
export function isMadeByUs(service: JsonObject): boolean {
  const newest = templateRevision(service);
  const isTagged = requestedTraffic(service).some(({ revision, tag }) => revision === newest && isOurTag(tag, newest));
  return isTagged || isRolledOut(service, newest);
}

function isRolledOut(service: JsonObject, newest: string): boolean {
  const { mark = '', made, template: stored } = readMarker(service) ?? {};
  const template = templateOf(service);
  const hashes = [stored, hashOfMark(mark), readKept(service)];
  const isSentTemplate = textAt(template, 'revision') === '' && hashes.includes(hashTemplate(template));
  return isSentTemplate || [mark, made].includes(newest);
}

function findOurTag({ requested }: RestoreData, revision: string): string | null {
  return requested.find((entry) => entry.revision === revision && isOurTag(entry.tag, revision))?.tag ?? null;
}

function isAbandonedPreview({ revision, percent, tag }: TrafficEntry, ours: OurRevision): boolean {
  return percent === 0 && revision !== ours.revision && isOurTag(tag, revision ?? '');
}
