import { type Json, type JsonObject, objectAt, objectsAt, textAt } from '../json.ts';

/** Accessors of what every stored object has. */

export function nameOf(object: JsonObject): string {
  return textAt(object, 'metadata', 'name');
}

export function namespaceOf(object: JsonObject): string {
  return textAt(object, 'metadata', 'namespace');
}

export function uidOf(object: JsonObject): string {
  return textAt(object, 'metadata', 'uid');
}

export function labelsOf(object: JsonObject): Readonly<Record<string, string>> {
  return objectAt(object, 'metadata', 'labels') as Readonly<Record<string, string>>;
}

export function annotationsOf(object: JsonObject): Readonly<Record<string, string>> {
  return objectAt(object, 'metadata', 'annotations') as Readonly<Record<string, string>>;
}

/** 0 where it is absent. */
export function numberAt(value: Json | undefined, ...path: readonly string[]): number {
  const last = path.at(-1) ?? '';
  const found = objectAt(value, ...path.slice(0, -1))[last];
  return typeof found === 'number' ? found : 0;
}

export function generationOf(object: JsonObject): number {
  return numberAt(object, 'metadata', 'generation');
}

export function isDeleting(object: JsonObject): boolean {
  return textAt(object, 'metadata', 'deletionTimestamp') !== '';
}

/** '' where no controller owns it. */
export function controllerUidOf(object: JsonObject): string {
  const owners = objectsAt(object, 'metadata', 'ownerReferences');
  return textAt(
    owners.find((owner) => owner['controller'] === true),
    'uid',
  );
}

export function controllerReference(owner: JsonObject): JsonObject {
  return {
    apiVersion: textAt(owner, 'apiVersion'),
    ...{ blockOwnerDeletion: true, controller: true, kind: textAt(owner, 'kind'), name: nameOf(owner) },
    uid: uidOf(owner),
  };
}

export function conditionOf(object: JsonObject, type: string): JsonObject | null {
  return objectsAt(object, 'status', 'conditions').find((condition) => condition['type'] === type) ?? null;
}

export function isReady(pod: JsonObject): boolean {
  return textAt(conditionOf(pod, 'Ready') ?? {}, 'status') === 'True';
}

/** Neither ended nor about to be. */
export function isActive(pod: JsonObject): boolean {
  return !['Failed', 'Succeeded'].includes(textAt(pod, 'status', 'phase')) && !isDeleting(pod);
}

/** Whole seconds, as the API server writes times. */
export function toTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

export function createdAt(object: JsonObject): number {
  return Date.parse(textAt(object, 'metadata', 'creationTimestamp')) || 0;
}

export function withMetadata(object: JsonObject, more: JsonObject): JsonObject {
  return { ...object, metadata: withoutAbsent({ ...objectAt(object, 'metadata'), ...more }) };
}

export function withStatus(object: JsonObject, more: JsonObject): JsonObject {
  return { ...object, status: withoutAbsent({ ...objectAt(object, 'status'), ...more }) };
}

export function withSpec(object: JsonObject, more: JsonObject): JsonObject {
  return { ...object, spec: withoutAbsent({ ...objectAt(object, 'spec'), ...more }) };
}

/** Without members that are undefined. */
export function withoutAbsent(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}

/** The conditions with this one in its place, or at the end. */
export function withCondition(conditions: readonly JsonObject[], condition: JsonObject): readonly JsonObject[] {
  const isSame = (other: JsonObject): boolean => other['type'] === condition['type'];
  if (!conditions.some(isSame)) return [...conditions, condition];
  return conditions.map((other) => (isSame(other) ? condition : other));
}
