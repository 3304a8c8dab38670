import { type JsonObject, objectAt, textAt } from '../json.ts';
import { nameOf, namespaceOf, numberAt, uidOf } from './object.ts';
import { EVENTS } from './resources.ts';
import { type ClusterWorld, timeOf } from './world.ts';

export interface Happening {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
  /** `deployment-controller`, `kubelet`. */
  readonly by: string;
}

/** What happens again is counted in the same event. */
export function record(world: ClusterWorld, about: JsonObject, happening: Happening): void {
  const namespace = namespaceOf(about) || 'default';
  const known = world.store.list(EVENTS, namespace).find((event) => isSameEvent(event, about, happening));
  if (known)
    return void world.store.put(EVENTS, {
      ...known,
      count: numberAt(known, 'count') + 1,
      lastTimestamp: timeOf(world),
    });
  world.store.put(EVENTS, eventAbout(about, happening, { namespace, number: world.nextNumber(), time: timeOf(world) }));
}

/** A new event, as it is posted. */
export function eventAbout(
  about: JsonObject,
  { type, reason, message, by }: Happening,
  { namespace, number, time }: { readonly namespace: string; readonly number: number; readonly time: string },
): JsonObject {
  return {
    ...{ apiVersion: 'v1', kind: 'Event' },
    metadata: {
      ...{ name: `${nameOf(about)}.${(0x18a0000000000 + number).toString(16)}`, namespace },
      ...{ uid: `40000000-0000-4000-8000-${String(number).padStart(12, '0')}`, creationTimestamp: time },
    },
    involvedObject: {
      ...{ apiVersion: textAt(about, 'apiVersion'), kind: textAt(about, 'kind'), name: nameOf(about) },
      ...{ namespace: namespaceOf(about), uid: uidOf(about) },
      resourceVersion: objectAt(about, 'metadata')['resourceVersion'],
    },
    ...{ reason, message, source: { component: by }, reportingComponent: by, reportingInstance: '' },
    ...{ firstTimestamp: time, lastTimestamp: time, count: 1, type, eventTime: null },
  };
}

function isSameEvent(event: JsonObject, about: JsonObject, { reason, message }: Happening): boolean {
  return (
    textAt(event, 'involvedObject', 'uid') === uidOf(about) &&
    event['reason'] === reason &&
    event['message'] === message
  );
}
