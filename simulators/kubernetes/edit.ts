import type { JsonObject } from '../json.ts';
import { nameOf, namespaceOf } from './object.ts';
import type { ResourceKind } from './resources.ts';
import type { ClusterWorld } from './world.ts';
import { createObject, updateObject } from './write.ts';

interface Edit {
  readonly manager?: string;
  readonly subresource?: string;
}

const CONTROLLERS = 'kube-controller-manager';

/** A change by the cluster itself, of the object as it is now. Returns it; as it was where it is gone. */
export function edit(
  world: ClusterWorld,
  kind: ResourceKind,
  {
    object,
    change,
    manager = CONTROLLERS,
    subresource = '',
  }: Edit & { readonly object: JsonObject; readonly change: (object: JsonObject) => JsonObject },
): JsonObject {
  const before = world.store.find(kind, namespaceOf(object), nameOf(object));
  if (!before) return object;
  return updateObject(
    world,
    { before, wanted: change(before) },
    { kind, dryRun: false, writing: { manager, subresource }, warnings: [] },
  );
}

/** @throws ApiError what admission refuses */
export function create(
  world: ClusterWorld,
  kind: ResourceKind,
  object: JsonObject,
  { manager = CONTROLLERS }: Edit = {},
): JsonObject {
  const namespace = namespaceOf(object);
  return createObject(world, object, {
    kind,
    namespace,
    dryRun: false,
    writing: { manager, subresource: '' },
    warnings: [],
  });
}
