import type { JsonObject } from '../../json.ts';
import { GoogleError } from '../google-error.ts';

const MOST = 1_000;

/** https://google.aip.dev/158 */
export function pageOf(member: string, all: readonly JsonObject[], query: URLSearchParams): JsonObject {
  const start = Number(query.get('pageToken') || 0);
  if (!Number.isInteger(start)) throw new GoogleError('INVALID_ARGUMENT', 'The page token is invalid.');
  const size = Math.min(Number(query.get('pageSize') || MOST), MOST);
  const page = all.slice(start, start + size);
  return {
    ...(page.length > 0 ? { [member]: page } : {}),
    ...(start + size < all.length ? { nextPageToken: String(start + size) } : {}),
  };
}
