import type { JsonObject } from '../../../model/json.ts';
import type { RestoreData } from './restore-data.ts';
import { hashTemplate } from './revision-name.ts';
import { requestedTraffic, servingTraffic, templateOf } from './service-document.ts';
import { isSameShares, isSameTraffic } from './traffic-table.ts';

/** Template and traffic, and what serves: a revision that became ready since may have taken the traffic. */
export function isAsCaptured(service: JsonObject, { templateHash, requested, serving }: RestoreData): boolean {
  const isSame =
    hashTemplate(templateOf(service)) === templateHash && isSameTraffic(requestedTraffic(service), requested);
  return isSame && isSameShares(servingTraffic(service), serving);
}
