import { collectGarbage } from '../delete.ts';
import { create, edit } from '../edit.ts';
import { nameOf } from '../object.ts';
import { withUse } from '../quota.ts';
import { NAMESPACES, PODS, QUOTAS, RESOURCES, SERVICE_ACCOUNTS } from '../resources.ts';
import type { ClusterWorld } from '../world.ts';
import type { Controller } from './runtime.ts';

/** What is owned by nothing any more goes. */
export function garbageCollector(world: ClusterWorld): Controller {
  return {
    delayMs: 10,
    keysOf: ({ before, after }) => {
      const leaves = after === null && before !== null;
      const isMarked = after !== null && JSON.stringify(after['metadata']).includes('foregroundDeletion');
      return leaves || isMarked ? ['all'] : [];
    },
    sync() {
      collectGarbage(world);
      return null;
    },
  };
}

/** Each namespace has an account `default`; a namespace that goes takes everything with it. */
export function namespaceController(world: ClusterWorld): Controller {
  return {
    delayMs: 5,
    keysOf: ({ kind, before, after }) => (kind === NAMESPACES ? [nameOf(after ?? before!)] : []),
    sync(name) {
      if (!world.store.find(NAMESPACES, '', name)) {
        for (const kind of RESOURCES.filter(({ namespaced }) => namespaced))
          for (const object of world.store.list(kind, name)) world.store.remove(kind, object);
      } else if (!world.store.find(SERVICE_ACCOUNTS, name, 'default')) {
        create(world, SERVICE_ACCOUNTS, { metadata: { name: 'default', namespace: name } });
      }
      return null;
    },
  };
}

export function quotaController(world: ClusterWorld): Controller {
  return {
    delayMs: 50,
    keysOf: ({ kind, before, after }) => {
      const { namespace } = (after ?? before!)['metadata'] as { namespace: string };
      return kind === QUOTAS || kind === PODS ? [namespace] : [];
    },
    sync(namespace) {
      for (const quota of world.store.list(QUOTAS, namespace)) {
        edit(world, QUOTAS, { object: quota, subresource: 'status', change: (one) => withUse(world, one) });
      }
      return null;
    },
  };
}
