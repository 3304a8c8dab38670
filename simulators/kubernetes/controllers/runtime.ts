import { type JsonObject, objectsAt, textAt } from '../../json.ts';
import { nameOf, namespaceOf } from '../object.ts';
import type { ResourceKind } from '../resources.ts';
import type { StoreChange } from '../store.ts';
import type { ClusterWorld } from '../world.ts';

/** `shop/web` */
export type Key = string;

/** Brings what is to what is wanted, whenever something changes that it looks at. */
export interface Controller {
  /** From a change until it acts. */
  readonly delayMs: number;
  /** The objects of its own that this change is about. */
  keysOf(change: StoreChange): readonly Key[];
  /** Returns when to look again by itself, in milliseconds from now; null: after the next change. */
  sync(key: Key): number | null;
}

/** Lets controllers act on changes, each object once for however many changes there were meanwhile. */
export function startControllers(world: ClusterWorld, controllers: readonly Controller[]): void {
  const waiting = new Map(controllers.map((controller) => [controller, new Map<Key, number>()]));
  const enqueue = (controller: Controller, key: Key, delayMs: number): void => {
    const at = Math.ceil(world.queue.now + delayMs);
    const known = waiting.get(controller)!.get(key);
    if (known !== undefined && known <= at) return;
    waiting.get(controller)!.set(key, at);
    world.queue.add(at, () => {
      if (waiting.get(controller)!.get(key) !== at) return;
      waiting.get(controller)!.delete(key);
      const again = controller.sync(key);
      if (again !== null) enqueue(controller, key, Math.max(1, again));
    });
  };
  world.store.onChange((change) => {
    for (const controller of controllers)
      for (const key of controller.keysOf(change)) enqueue(controller, key, controller.delayMs);
  });
}

export function keyOf(object: JsonObject): Key {
  return `${namespaceOf(object)}/${nameOf(object)}`;
}

/** null: it is gone. */
export function findByKey(world: ClusterWorld, kind: ResourceKind, key: Key): JsonObject | null {
  const [namespace = '', name = ''] = key.split('/');
  return world.store.find(kind, namespace, name);
}

/** Of a change of the kind itself, or of something that an object of the kind owns. */
export function ownKeys({ kind, before, after }: StoreChange, own: ResourceKind): readonly Key[] {
  const object = after ?? before!;
  if (kind === own) return [keyOf(object)];
  return objectsAt(object, 'metadata', 'ownerReferences')
    .filter((owner) => owner['kind'] === own.kind && owner['controller'] === true)
    .map((owner) => `${namespaceOf(object)}/${textAt(owner, 'name')}`);
}
