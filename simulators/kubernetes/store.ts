import type { JsonObject } from '../json.ts';
import { nameOf, namespaceOf, withMetadata } from './object.ts';
import { RESOURCES, type ResourceKind } from './resources.ts';

/** Where objects are read from: the simulated API server's store, or a copy of a real one's. */
export interface ObjectSource {
  find(kind: ResourceKind, namespace: string, name: string): JsonObject | null;
  /** In the order of namespace and name. Absent namespace: of all. */
  list(kind: ResourceKind, namespace?: string): readonly JsonObject[];
}

export interface StoreChange {
  readonly kind: ResourceKind;
  /** null: it was created. */
  readonly before: JsonObject | null;
  /** null: it was removed. */
  readonly after: JsonObject | null;
  readonly version: number;
}

type Listener = (change: StoreChange) => void;

/** What etcd holds: every object as it is, and the changes since the start. */
export class Store implements ObjectSource {
  /** All changes, the oldest first. */
  readonly changes: StoreChange[] = [];
  readonly #objects = new Map(RESOURCES.map((kind) => [kind, new Map<string, JsonObject>()]));
  readonly #listeners: Listener[] = [];
  #version = 1_000;

  get version(): number {
    return this.#version;
  }

  onChange(listener: Listener): void {
    this.#listeners.push(listener);
  }

  find(kind: ResourceKind, namespace: string, name: string): JsonObject | null {
    return this.#of(kind).get(`${namespace}/${name}`) ?? null;
  }

  list(kind: ResourceKind, namespace?: string): readonly JsonObject[] {
    const entries = [...this.#of(kind)].filter(
      ([key]) => namespace === undefined || namespace === '' || key.startsWith(`${namespace}/`),
    );
    return entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, object]) => object);
  }

  /** Returns it with its new resourceVersion. */
  put(kind: ResourceKind, object: JsonObject): JsonObject {
    const version = this.#next();
    const after = withMetadata(object, { resourceVersion: String(version) });
    const key = `${namespaceOf(after)}/${nameOf(after)}`;
    const before = this.#of(kind).get(key) ?? null;
    this.#of(kind).set(key, after);
    this.#tell({ kind, before, after, version });
    return after;
  }

  /** Does nothing where it isn't there. */
  remove(kind: ResourceKind, object: JsonObject): void {
    const key = `${namespaceOf(object)}/${nameOf(object)}`;
    const before = this.#of(kind).get(key);
    if (!before) return;
    this.#of(kind).delete(key);
    this.#tell({ kind, before, after: null, version: this.#next() });
  }

  #of(kind: ResourceKind): Map<string, JsonObject> {
    return this.#objects.get(kind)!;
  }

  #next(): number {
    this.#version += 1;
    return this.#version;
  }

  #tell(change: StoreChange): void {
    this.changes.push(change);
    for (const listener of this.#listeners) listener(change);
  }
}
