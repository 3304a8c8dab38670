import { type JsonObject, listAt, textAt } from '../../../model/json.ts';
import { hasOurTemplate, type OurChange } from './our-change.ts';
import { progressOf, requestedTraffic, type TrafficEntry, templateRevision, toTargets } from './service-document.ts';
import { isSameShares, keepingTags, type OurRevision } from './traffic-table.ts';

/**
 * Is the newest revision a preview that another user made (`gcloud run deploy --no-traffic --tag`)? It is reached by a tag
 * and has no share. Without a tag it is a deployment whose user expects it to serve.
 */
export function isOthersPreview(service: JsonObject, ours: OurChange): boolean {
  if (hasOurTemplate(service, ours)) return false;
  const newest = templateRevision(service);
  const entries = requestedTraffic(service);
  if (newest === ours.revision || entries.some(({ revision, percent }) => revision === newest && percent > 0))
    return false;
  return entries.some(({ revision, percent, tag }) => {
    if (tag === null || tag === ours.tag || percent > 0) return false;
    return revision === newest || (revision === null && !ours.previousTags.includes(tag));
  });
}

interface Beside {
  readonly ours: OurChange;
  readonly traffic: readonly TrafficEntry[];
  /** The preview that our last request was made beside. */
  readonly beside?: string | undefined;
}

/** Is there such a preview, or one that did not start, while every share is as `traffic`, which we requested last, has it? */
export function isBesidePreview(service: JsonObject, { ours, traffic, beside }: Beside): boolean {
  if (hasOurTemplate(service, ours)) return false;
  const isKnown = beside !== undefined && templateRevision(service) === beside;
  if (!isKnown && !isOthersPreview(service, ours) && !hasFailed(service)) return false;
  // What follows the latest would go to the preview: `--no-traffic` gives it to ours by name.
  const expected = traffic.map((entry) => ({ ...entry, revision: entry.revision ?? ours.revision }));
  return isSameShares(requestedTraffic(service), expected);
}

/**
 * `entries` as the API takes them, with the tags that other users added or moved meanwhile. One whose revision did not start
 * is left out: it was never in effect, and naming it again would make our change fail
 * (https://github.com/Lore-Hex/quill-router/pull/782).
 */
export function targetsBeside(
  service: JsonObject,
  entries: readonly TrafficEntry[],
  ours: OurRevision,
): readonly JsonObject[] {
  const isFailed = hasFailed(service);
  const known = new Set(listAt(service, 'trafficStatuses').map((status) => textAt(status, 'tag')));
  const isDead = ({ revision, percent, tag }: TrafficEntry): boolean =>
    isFailed && percent === 0 && revision === templateRevision(service) && tag !== ours.tag && !known.has(tag ?? '');
  const kept = keepingTags(entries, requestedTraffic(service), ours).filter((entry) => !isDead(entry));
  return toTargets(kept, service);
}

function hasFailed(service: JsonObject): boolean {
  const { reconciling, state } = progressOf(service);
  return !reconciling && state === 'CONDITION_FAILED';
}
