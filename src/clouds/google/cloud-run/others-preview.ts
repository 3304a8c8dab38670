import type { JsonObject } from '../../../model/json.ts';
import { isNamed, requestedTraffic, type TrafficEntry, templateRevision } from './service-document.ts';
import { isSameShares, type OurRevision } from './traffic-table.ts';

/**
 * Is the newest revision a preview that another user made (`gcloud run deploy --no-traffic --tag`)? It is reached by a tag
 * and has no share. Without a tag it is a deployment whose user expects it to serve.
 */
export function isOthersPreview(service: JsonObject, ours: OurRevision): boolean {
  const newest = templateRevision(service);
  const entries = requestedTraffic(service);
  if (newest === ours.revision || entries.some(({ revision, percent }) => revision === newest && percent > 0))
    return false;
  return entries.some(({ revision, percent, tag }) => {
    if (tag === null || tag === ours.tag || percent > 0) return false;
    return revision === newest || (revision === null && !ours.previousTags.includes(tag));
  });
}

/** Is there such a preview, while every share is as `traffic`, which we requested last, has it? */
export function isBesidePreview(
  service: JsonObject,
  { ours, traffic }: { readonly ours: OurRevision; readonly traffic: readonly TrafficEntry[] },
): boolean {
  if (isNamed(service, ours.revision) || !isOthersPreview(service, ours)) return false;
  // What follows the latest would go to the preview: `--no-traffic` gives it to ours by name.
  const expected = traffic.map((entry) => ({ ...entry, revision: entry.revision ?? ours.revision }));
  return isSameShares(requestedTraffic(service), expected);
}
