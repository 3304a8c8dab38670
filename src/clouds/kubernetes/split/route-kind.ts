import { type JsonObject, objectAt, textAt } from '../../../model/json.ts';

/** A kind of object that splits the traffic between Services by weight. */
export interface RouteKind {
  /** As the input `route` names it: `httproute`. */
  readonly word: string;
  readonly title: string;
  readonly api: string;
  readonly plural: string;
  /** Where its rules are in the spec, and its backends in a rule. */
  readonly rules: string;
  readonly list: string;
  /** The Service of this namespace that the backend is; '': another kind, or of another namespace. */
  serviceOf(backend: JsonObject, namespace: string): string;
  /** The same backend with the copy's Service. */
  rename(backend: JsonObject, names: { readonly stable: string; readonly copy: string }): JsonObject;
}

const httpRoute: RouteKind = {
  word: 'httproute',
  title: 'HTTPRoute',
  api: 'gateway.networking.k8s.io/v1',
  plural: 'httproutes',
  rules: 'rules',
  list: 'backendRefs',
  serviceOf(backend, namespace) {
    const isService = (textAt(backend, 'kind') || 'Service') === 'Service' && textAt(backend, 'group') === '';
    const isHere = (textAt(backend, 'namespace') || namespace) === namespace;
    return isService && isHere ? textAt(backend, 'name') : '';
  },
  rename: (backend, { copy }) => ({ ...backend, name: copy }),
};

const virtualService: RouteKind = {
  word: 'virtualservice',
  title: 'VirtualService',
  api: 'networking.istio.io/v1',
  plural: 'virtualservices',
  rules: 'http',
  list: 'route',
  serviceOf(backend, namespace) {
    const [name = '', ...rest] = textAt(backend, 'destination', 'host').split('.');
    const isHere = rest.length === 0 || rest[0] === namespace;
    return isHere ? name : '';
  },
  rename(backend, { copy }) {
    // A subset is defined for the stable Service alone.
    const { subset: _, ...destination } = objectAt(backend, 'destination');
    const [, ...rest] = textAt(destination, 'host').split('.');
    return { ...backend, destination: { ...destination, host: [copy, ...rest].join('.') } };
  },
};

export const ROUTE_KINDS: readonly RouteKind[] = [httpRoute, virtualService];

export function findRouteKind(word: string): RouteKind | null {
  return ROUTE_KINDS.find((kind) => kind.word === word) ?? null;
}

/** `/apis/gateway.networking.k8s.io/v1/namespaces/shop/httproutes/web` */
export function routePath({ api, plural }: RouteKind, namespace: string, name: string): string {
  return `/apis/${api}/namespaces/${encodeURIComponent(namespace)}/${plural}/${encodeURIComponent(name)}`;
}
