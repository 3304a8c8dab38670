import type { JsonObject } from '../../json.ts';
import { labelsOf } from '../object.ts';
import { apiVersionOf, type ResourceKind } from '../resources.ts';
import { parseFieldSelector, parseLabelSelector } from '../selectors.ts';
import type { ClusterWorld } from '../world.ts';
import type { ApiCall } from './api-call.ts';
import { ApiError, notFound } from './api-error.ts';

/** @throws ApiError 404 */
export function findObject(
  world: ClusterWorld,
  { kind, namespace, name }: { readonly kind: ResourceKind; readonly namespace: string; readonly name: string },
): JsonObject {
  const found = world.store.find(kind, namespace, name);
  if (found) return found;
  throw notFound(kind, name);
}

/** What the selectors of a list, a watch or a collection's deletion let through. */
export function filterOf({ query }: Pick<ApiCall, 'query'>): (object: JsonObject) => boolean {
  const byLabel = parseLabelSelector(query.get('labelSelector') ?? '');
  const fields = query.get('fieldSelector') ?? '';
  const byField = fields === '' ? () => true : parseFieldSelector(fields);
  return (object) => byLabel(labelsOf(object)) && byField(object);
}

/** In pages where `limit` says so. @throws ApiError 400, 410 */
export function listObjects(call: ApiCall): JsonObject {
  const { world, kind, namespace, query } = call;
  const all = world.store.list(kind, namespace).filter(filterOf(call));
  const start = parseContinue(query.get('continue') ?? '');
  const limit = Number(query.get('limit') || all.length);
  const page = all.slice(start, start + limit);
  const left = all.length - start - page.length;
  const more =
    left > 0 ? { continue: Buffer.from(String(start + limit)).toString('base64'), remainingItemCount: left } : {};
  return {
    kind: `${kind.kind}List`,
    apiVersion: apiVersionOf(kind),
    metadata: { resourceVersion: String(world.store.version), ...more },
    // In a list an item doesn't repeat what it is.
    items: page.map(({ apiVersion: _, kind: __, ...item }) =>
      kind.custom ? { apiVersion: apiVersionOf(kind), kind: kind.kind, ...item } : item,
    ),
  };
}

function parseContinue(token: string): number {
  const start = Number(token === '' ? 0 : Buffer.from(token, 'base64').toString());
  if (Number.isInteger(start)) return start;
  throw new ApiError(410, 'Expired', 'The provided continue parameter is too old to display a consistent list result.');
}
