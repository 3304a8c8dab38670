import { type JsonObject, objectAt, objectsAt, textAt } from '../../json.ts';
import { nameOf, namespaceOf, numberAt } from '../object.ts';
import { HTTP_ROUTES, VIRTUAL_SERVICES } from '../resources.ts';
import type { ObjectSource } from '../store.ts';

/** A Service that gets a share of the requests. */
export interface Backend {
  readonly id: string;
  readonly namespace: string;
  readonly service: string;
  readonly port: string;
  readonly weight: number;
}

/** Where requests to this host name go, as an HTTPRoute or a VirtualService says; null: none names it. */
export function backendsFor(objects: ObjectSource, hostname: string): readonly Backend[] | null {
  const route = objects.list(HTTP_ROUTES).find((one) => namesHost(objectAt(one, 'spec')['hostnames'], hostname));
  if (route) return httpRouteBackends(route);
  const mesh = objects.list(VIRTUAL_SERVICES).find((one) => namesHost(objectAt(one, 'spec')['hosts'], hostname));
  return mesh ? virtualServiceBackends(mesh) : null;
}

function namesHost(hosts: unknown, hostname: string): boolean {
  return Array.isArray(hosts) && hosts.includes(hostname);
}

/** Of its first rule. An absent weight is 1: https://gateway-api.sigs.k8s.io/reference/spec/#backendref */
function httpRouteBackends(route: JsonObject): readonly Backend[] {
  const rule = objectsAt(route, 'spec', 'rules')[0] ?? {};
  return objectsAt(rule, 'backendRefs').map((ref) => ({
    id: `${nameOf(route)}/${textAt(ref, 'name')}`,
    namespace: textAt(ref, 'namespace') || namespaceOf(route),
    service: textAt(ref, 'name'),
    port: String(ref['port'] ?? ''),
    weight: typeof ref['weight'] === 'number' ? ref['weight'] : 1,
  }));
}

/** Of its first HTTP route. One destination alone needs no weight: https://istio.io/latest/docs/reference/config/networking/virtual-service/ */
function virtualServiceBackends(mesh: JsonObject): readonly Backend[] {
  const routes = objectsAt(objectsAt(mesh, 'spec', 'http')[0] ?? {}, 'route');
  return routes.map((route) => {
    const [service = '', namespace = ''] = textAt(route, 'destination', 'host').split('.');
    const port = objectAt(route, 'destination', 'port')['number'];
    return {
      ...{
        id: `${nameOf(mesh)}/${service}`,
        namespace: namespace || namespaceOf(mesh),
        service,
        port: String(port ?? ''),
      },
      weight: routes.length === 1 ? 100 : numberAt(route, 'weight'),
    };
  });
}
