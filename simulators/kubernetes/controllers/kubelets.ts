import { textAt } from '../../json.ts';
import { edit } from '../edit.ts';
import { record } from '../events.ts';
import { Kubelet } from '../kubelet/kubelet.ts';
import { nameOf, namespaceOf, uidOf } from '../object.ts';
import { PODS } from '../resources.ts';
import type { ClusterWorld } from '../world.ts';
import { type Controller, findByKey, keyOf } from './runtime.ts';

/** All nodes' kubelets, in the simulated cluster. */
export function openKubelet(world: ClusterWorld): Kubelet {
  return new Kubelet({
    now: () => world.queue.now,
    at: (time, run) => world.queue.add(Math.ceil(time), run),
    images: world.images,
    objects: world.store,
    report: (pod, make) => {
      const now = world.store.find(PODS, namespaceOf(pod), nameOf(pod));
      if (now && uidOf(now) === uidOf(pod))
        edit(world, PODS, {
          object: now,
          subresource: 'status',
          manager: 'kubelet',
          change: (one) => ({ ...one, status: make(one) }),
        });
    },
    remove: (pod) => {
      const now = world.store.find(PODS, namespaceOf(pod), nameOf(pod));
      if (now && uidOf(now) === uidOf(pod)) world.store.remove(PODS, now);
    },
    record: (pod, happening) => record(world, pod, happening),
  });
}

/** Tells the kubelets of the pods on their nodes. */
export function kubeletController(world: ClusterWorld, kubelet: Kubelet): Controller {
  return {
    delayMs: 1,
    keysOf({ kind, before, after }) {
      if (kind !== PODS) return [];
      if (after === null) {
        kubelet.forget(before!);
        return [];
      }
      return textAt(after, 'spec', 'nodeName') === '' ? [] : [keyOf(after)];
    },
    sync(key) {
      const pod = findByKey(world, PODS, key);
      if (pod) kubelet.observe(pod);
      return null;
    },
  };
}
