import { isSame, type Json, type JsonObject, objectAt, textAt } from '../json.ts';
import { admit } from './admission.ts';
import { alreadyExists, badRequest, conflict, invalid, MODIFIED, notFound } from './api/api-error.ts';
import { withDefaults } from './defaults.ts';
import { finalizersOf } from './delete.ts';
import { changesBetween, union, without } from './fields/field-set.ts';
import {
  assign,
  type Entry,
  entriesOf,
  isSameManager,
  type Manager,
  toManagedFields,
} from './fields/managed-fields.ts';
import { skeletonOf } from './fields/skeleton.ts';
import { suffixOf, uidFor } from './names.ts';
import { generationOf, isDeleting, nameOf, namespaceOf, withMetadata, withoutAbsent } from './object.ts';
import { apiVersionOf, DEPLOYMENTS, NAMESPACES, type ResourceKind } from './resources.ts';
import { bornStatus } from './status-at-birth.ts';
import { validateChange, validateNew } from './validate.ts';
import { type ClusterWorld, timeOf, type WriteTarget } from './world.ts';

/** @throws ApiError what the API server refuses */
export function createObject(
  world: ClusterWorld,
  given: JsonObject,
  target: WriteTarget & { readonly namespace: string },
): JsonObject {
  const { kind, namespace, dryRun } = target;
  const object = identified(world, given, target);
  if (kind.namespaced && !world.store.find(NAMESPACES, '', namespace)) throw notFound(NAMESPACES, namespace);
  if (world.store.find(kind, namespace, nameOf(object))) throw alreadyExists(kind, nameOf(object));
  const filled = withDefaults(kind, object);
  const admitted = withDefaults(kind, admit(world, filled, { kind, isNew: true, warnings: target.warnings }));
  const causes = validateNew(kind, admitted);
  if (causes.length > 0) throw invalid(kind, nameOf(object), causes);
  const born = bornStatus(world, kind, admitted);
  const managed = withMetadata(born, { managedFields: toManagedFields(firstEntries(world, admitted, target)) });
  return dryRun ? managed : world.store.put(kind, managed);
}

function identified(
  world: ClusterWorld,
  given: JsonObject,
  { kind, namespace }: { readonly kind: ResourceKind; readonly namespace: string },
): JsonObject {
  const prefix = textAt(given, 'metadata', 'generateName');
  const number = world.nextNumber();
  const name = nameOf(given) || (prefix === '' ? '' : `${prefix}${suffixOf(prefix, number)}`);
  const stated = namespaceOf(given);
  if (stated !== '' && stated !== namespace)
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  const object = { apiVersion: apiVersionOf(kind), ...given, kind: kind.kind };
  return withMetadata(object, {
    ...{ name, uid: uidFor(number), creationTimestamp: timeOf(world), generation: kind.counts ? 1 : undefined },
    namespace: kind.namespaced ? namespace : undefined,
    ...{ resourceVersion: undefined, managedFields: undefined },
  });
}

function firstEntries(world: ClusterWorld, object: JsonObject, { kind, writing }: WriteTarget): readonly Entry[] {
  const { status: _, ...own } = object;
  const fields = changesBetween(skeletonOf(kind), own).changed;
  return [{ manager: managerOf(kind, writing, 'Update'), time: timeOf(world), fields }];
}

export interface Update {
  /** As the API server has it. */
  readonly before: JsonObject;
  readonly wanted: JsonObject;
  /** Of server-side apply, which knows itself who owns what. */
  readonly entries?: readonly Entry[];
}

/**
 * Stores the object unless nothing changes. The subresource decides which part counts.
 * @throws ApiError 409 for another resourceVersion, 422 for what may not change
 */
export function updateObject(
  world: ClusterWorld,
  { before, wanted, entries }: Update,
  target: WriteTarget,
): JsonObject {
  const { kind, dryRun, writing } = target;
  const name = nameOf(before);
  const stated = textAt(wanted, 'metadata', 'resourceVersion');
  if (stated !== '' && stated !== textAt(before, 'metadata', 'resourceVersion')) throw conflict(kind, name, MODIFIED);
  const uid = textAt(wanted, 'metadata', 'uid');
  if (uid !== '' && uid !== textAt(before, 'metadata', 'uid'))
    throw conflict(
      kind,
      name,
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${textAt(before, 'metadata', 'uid')}`,
    );
  const allowed = keepServers(
    before,
    kind.custom && writing.subresource !== 'status' ? wanted : partOf(kind, before, wanted, writing.subresource),
  );
  const filled = withDefaults(kind, allowed);
  const isMain = writing.subresource === '';
  const admitted = isMain
    ? withDefaults(kind, admit(world, filled, { kind, isNew: false, warnings: target.warnings }))
    : filled;
  const causes = isMain ? validateChange(kind, before, admitted) : [];
  if (causes.length > 0) throw invalid(kind, name, causes);
  const counted = withMetadata(admitted, {
    generation: nextGeneration(kind, before, { after: admitted, isStatus: writing.subresource === 'status' }),
  });
  // Controllers write the same again and again.
  if (!entries && isSame(withoutVersion(counted), withoutVersion(before))) return before;
  const managed = withManagers(world, { before, wanted: counted, ...(entries ? { entries } : {}) }, target);
  if (isSame(withoutVersion(managed), withoutVersion(before))) return before;
  if (dryRun) return withMetadata(managed, { resourceVersion: textAt(before, 'metadata', 'resourceVersion') });
  const stored = world.store.put(kind, managed);
  // It only waited for its last finalizer.
  if (isDeleting(stored) && finalizersOf(before).length > 0 && finalizersOf(stored).length === 0)
    world.store.remove(kind, stored);
  return stored;
}

/** What this way in may change; the rest stays as it is. */
function partOf(kind: ResourceKind, before: JsonObject, wanted: JsonObject, subresource: string): JsonObject {
  if (subresource !== 'status')
    return { ...wanted, ...(before['status'] === undefined ? {} : { status: before['status'] }) };
  // The controller writes its annotations this way.
  const metadata = objectAt(wanted, 'metadata');
  const annotations = kind === DEPLOYMENTS ? metadata['annotations'] : objectAt(before, 'metadata')['annotations'];
  return {
    ...withMetadata(before, { annotations, managedFields: metadata['managedFields'] }),
    status: wanted['status'],
  };
}

const SERVERS = [
  'uid',
  'creationTimestamp',
  'generation',
  'resourceVersion',
  'namespace',
  'name',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'generateName',
];

function keepServers(before: JsonObject, wanted: JsonObject): JsonObject {
  const old = objectAt(before, 'metadata');
  const kept = Object.fromEntries(SERVERS.map((name) => [name, old[name]]));
  const { labels, annotations } = objectAt(wanted, 'metadata');
  const emptied = (value: Json | undefined): Json | undefined => (isSame(value, {}) ? undefined : value);
  const object = { ...wanted, apiVersion: before['apiVersion'], kind: before['kind'] };
  return withMetadata(object, { ...kept, labels: emptied(labels), annotations: emptied(annotations) });
}

/** Of a Deployment annotations count too, except those that come with the status. */
function nextGeneration(
  kind: ResourceKind,
  before: JsonObject,
  { after, isStatus }: { readonly after: JsonObject; readonly isStatus: boolean },
): Json | undefined {
  const generation = objectAt(before, 'metadata')['generation'];
  if (!kind.counts || isStatus) return generation;
  const contentOf = ({ metadata: _, status: __, ...content }: JsonObject): JsonObject => content;
  const annotationsOf = (object: JsonObject): JsonObject => objectAt(object, 'metadata', 'annotations');
  const isSpecSame = isSame(contentOf(before), contentOf(after));
  const isNoted = kind === DEPLOYMENTS && !isSame(annotationsOf(before), annotationsOf(after));
  return isSpecSame && !isNoted ? generation : generationOf(before) + 1;
}

function withManagers(
  world: ClusterWorld,
  { before, wanted, entries }: Update,
  { kind, writing }: WriteTarget,
): JsonObject {
  if (entries) return withMetadata(wanted, { managedFields: toManagedFields(entries) });
  const given = baseEntries(before, wanted);
  const { changed, removed } = changesBetween(before, wanted);
  if (changed.size === 0 && removed.size === 0) return withMetadata(wanted, { managedFields: toManagedFields(given) });
  const manager = managerOf(kind, writing, 'Update');
  const mine = given.find((entry) => isSameManager(entry.manager, manager));
  const fields = without(union(mine?.fields ?? new Set<string>(), changed), removed);
  const next = assign(given, { manager, fields, lost: union(changed, removed), time: timeOf(world) });
  return withMetadata(wanted, { managedFields: toManagedFields(next) });
}

/** A change of `managedFields` itself is taken as it is; `[]` and `[{}]` forget all. */
function baseEntries(before: JsonObject, wanted: JsonObject): readonly Entry[] {
  const list = objectAt(wanted, 'metadata')['managedFields'];
  const isReset = Array.isArray(list) && (list.length === 0 || isSame(list, [{}]));
  if (isReset) return [];
  return Array.isArray(list) ? entriesOf(wanted) : entriesOf(before);
}

export function managerOf(
  kind: ResourceKind,
  { manager, subresource }: WriteTarget['writing'],
  operation: Manager['operation'],
): Manager {
  return { name: manager, operation, apiVersion: apiVersionOf(kind), subresource };
}

function withoutVersion(object: JsonObject): JsonObject {
  return withoutAbsent({
    ...object,
    metadata: withoutAbsent({ ...objectAt(object, 'metadata'), resourceVersion: undefined }),
  });
}
