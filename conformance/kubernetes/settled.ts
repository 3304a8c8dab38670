import { type JsonObject, objectAt, objectsAt, textAt } from '../../simulators/json.ts';
import { isReady, nameOf, namespaceOf } from '../../simulators/kubernetes/object.ts';
import { ENDPOINT_SLICES, PODS, SERVICES } from '../../simulators/kubernetes/resources.ts';
import type { ObjectSource } from '../../simulators/kubernetes/store.ts';

/** Do the endpoints of all Services name the pods that are ready now, and no others? On a busy machine they follow late. */
export function areEndpointsSettled(objects: ObjectSource): boolean {
  const services = objects.list(SERVICES).filter((service) => objectAt(service, 'spec')['selector'] !== undefined);
  return services.every((service) => {
    if (objectAt(service, 'spec')['publishNotReadyAddresses'] === true) return true;
    return endpointsOf(objects, service).join() === readyPodsOf(objects, service).join();
  });
}

function endpointsOf(objects: ObjectSource, service: JsonObject): readonly string[] {
  const slices = objects
    .list(ENDPOINT_SLICES, namespaceOf(service))
    .filter((slice) => objectAt(slice, 'metadata', 'labels')['kubernetes.io/service-name'] === nameOf(service));
  return slices
    .flatMap((slice) => objectsAt(slice, 'endpoints'))
    .filter((endpoint) => objectAt(endpoint, 'conditions')['ready'] === true)
    .map((endpoint) => textAt(endpoint, 'targetRef', 'name'))
    .toSorted();
}

function readyPodsOf(objects: ObjectSource, service: JsonObject): readonly string[] {
  const selector = Object.entries(objectAt(service, 'spec', 'selector'));
  return objects
    .list(PODS, namespaceOf(service))
    .filter((pod) => selector.every(([name, value]) => objectAt(pod, 'metadata', 'labels')[name] === value))
    .filter((pod) => isReady(pod) && textAt(pod, 'metadata', 'deletionTimestamp') === '')
    .map(nameOf)
    .toSorted();
}
