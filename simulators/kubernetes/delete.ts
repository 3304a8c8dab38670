import { type Json, type JsonObject, objectAt, objectsAt, textAt } from '../json.ts';
import { ApiError, detailsOf } from './api/api-error.ts';
import { nameOf, namespaceOf, numberAt, toTime, uidOf, withMetadata } from './object.ts';
import { PODS, RESOURCES, type ResourceKind } from './resources.ts';
import type { ClusterWorld } from './world.ts';

export interface Deletion {
  /** DeleteOptions. */
  readonly options: JsonObject;
  readonly dryRun: boolean;
}

const FOREGROUND = 'foregroundDeletion';

/**
 * Returns the object where it stays for a while (a pod that ends, a finalizer), null where it is gone.
 * @throws ApiError 409 for another uid or resourceVersion than asked for
 */
export function deleteObject(
  world: ClusterWorld,
  kind: ResourceKind,
  object: JsonObject,
  { options, dryRun }: Deletion,
): JsonObject | null {
  refuseOther(kind, object, objectAt(options, 'preconditions'));
  const wanted = options['gracePeriodSeconds'];
  const grace = typeof wanted === 'number' ? wanted : numberAt(object, 'spec', 'terminationGracePeriodSeconds');
  const isRunning = kind === PODS && textAt(object, 'spec', 'nodeName') !== '' && grace > 0;
  const policy = textAt(options, 'propagationPolicy');
  const finalizers = finalizersOf(object);
  const waits = policy === 'Foreground' && dependentsOf(world, object).length > 0;
  if (isRunning || waits || finalizers.length > 0) {
    if (textAt(object, 'metadata', 'deletionTimestamp') !== '' && !isRunning) return object;
    const marked = withMetadata(object, {
      deletionTimestamp: toTime(world.queue.now + (isRunning ? grace : 0) * 1_000),
      deletionGracePeriodSeconds: isRunning ? grace : 0,
      ...(waits ? { finalizers: [...finalizers, FOREGROUND] } : {}),
    });
    return dryRun ? marked : world.store.put(kind, marked);
  }
  if (dryRun) return null;
  if (policy === 'Orphan') orphan(world, object);
  world.store.remove(kind, object);
  return null;
}

/** What is owned by nobody that is there goes; what waits for its dependents goes after them. */
export function collectGarbage(world: ClusterWorld): void {
  const all = RESOURCES.flatMap((kind) => world.store.list(kind).map((object) => ({ kind, object })));
  const present = new Set(all.map(({ object }) => uidOf(object)));
  const leaving = new Set(
    all.filter(({ object }) => finalizersOf(object).includes(FOREGROUND)).map(({ object }) => uidOf(object)),
  );
  for (const { kind, object } of all) {
    const owners = objectsAt(object, 'metadata', 'ownerReferences').map((owner) => textAt(owner, 'uid'));
    const isLost = owners.length > 0 && owners.every((uid) => !present.has(uid) || leaving.has(uid));
    const isMarked = textAt(object, 'metadata', 'deletionTimestamp') !== '';
    // Whose owner waits for it waits for its own dependents too.
    const propagationPolicy = owners.some((uid) => leaving.has(uid)) ? 'Foreground' : 'Background';
    if (isLost && !isMarked) deleteObject(world, kind, object, { options: { propagationPolicy }, dryRun: false });
    if (leaving.has(uidOf(object)) && dependentsOf(world, object).length === 0) world.store.remove(kind, object);
  }
}

export function finalizersOf(object: JsonObject): readonly string[] {
  const list = objectAt(object, 'metadata')['finalizers'];
  return Array.isArray(list) ? list.map(String) : [];
}

function refuseOther(kind: ResourceKind, object: JsonObject, { uid, resourceVersion }: JsonObject): void {
  const metadata = objectAt(object, 'metadata');
  const refuse = (what: string, wanted: Json, is: Json | undefined): never => {
    const title = `${kind.kind}${kind.group === '' ? '' : `.${kind.group}`} "${nameOf(object)}"`;
    const why = `the ${what} in the precondition (${wanted}) does not match the ${what} in record (${is})`;
    const message = `Operation cannot be fulfilled on ${title}: ${why}. The object might have been ${what === 'UID' ? 'deleted and then recreated' : 'modified'}`;
    throw new ApiError(409, 'Conflict', message, { ...detailsOf(kind, nameOf(object)), kind: kind.kind });
  };
  if (uid !== undefined && uid !== metadata['uid']) refuse('UID', uid, metadata['uid']);
  if (resourceVersion !== undefined && resourceVersion !== metadata['resourceVersion'])
    refuse('ResourceVersion', resourceVersion, metadata['resourceVersion']);
}

function dependentsOf(
  world: ClusterWorld,
  owner: JsonObject,
): readonly { readonly kind: ResourceKind; readonly object: JsonObject }[] {
  const uid = uidOf(owner);
  return RESOURCES.filter(({ namespaced }) => namespaced).flatMap((kind) =>
    world.store
      .list(kind, namespaceOf(owner))
      .filter((object) => objectsAt(object, 'metadata', 'ownerReferences').some((one) => one['uid'] === uid))
      .map((object) => ({ kind, object })),
  );
}

function orphan(world: ClusterWorld, owner: JsonObject): void {
  for (const { kind, object } of dependentsOf(world, owner)) {
    const rest = objectsAt(object, 'metadata', 'ownerReferences').filter((one) => one['uid'] !== uidOf(owner));
    world.store.put(kind, withMetadata(object, { ownerReferences: rest.length > 0 ? rest : undefined }));
  }
}
