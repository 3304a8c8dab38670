/** One kind of object that the API server stores. */
export interface ResourceKind {
  /** '' for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly shortNames: readonly string[];
  readonly namespaced: boolean;
  readonly subresources: readonly string[];
  /** Its `metadata.generation` counts changes of the specification. */
  readonly counts: boolean;
  /** Defined by whoever installed it: nothing is known of its fields. */
  readonly custom: boolean;
}

function define(groupVersion: string, kind: string, plural: string, more: Partial<ResourceKind> = {}): ResourceKind {
  const [version = '', group = ''] = groupVersion.split('/').toReversed();
  return {
    ...{ group, version, kind, plural },
    ...{ shortNames: [], namespaced: true, subresources: [], counts: false, custom: false },
    ...more,
  };
}

const STATUS = ['status'];
const CUSTOM = { custom: true, counts: true };

export const PODS = define('v1', 'Pod', 'pods', {
  shortNames: ['po'],
  subresources: ['status', 'log', 'proxy'],
  counts: true,
});
export const SERVICES = define('v1', 'Service', 'services', { shortNames: ['svc'], subresources: ['status', 'proxy'] });
export const EVENTS = define('v1', 'Event', 'events', { shortNames: ['ev'] });
export const NAMESPACES = define('v1', 'Namespace', 'namespaces', {
  shortNames: ['ns'],
  namespaced: false,
  subresources: STATUS,
});
export const NODES = define('v1', 'Node', 'nodes', { shortNames: ['no'], namespaced: false, subresources: STATUS });
export const CONFIG_MAPS = define('v1', 'ConfigMap', 'configmaps', { shortNames: ['cm'] });
export const SECRETS = define('v1', 'Secret', 'secrets');
export const SERVICE_ACCOUNTS = define('v1', 'ServiceAccount', 'serviceaccounts', { shortNames: ['sa'] });
export const QUOTAS = define('v1', 'ResourceQuota', 'resourcequotas', { shortNames: ['quota'], subresources: STATUS });
export const DEPLOYMENTS = define('apps/v1', 'Deployment', 'deployments', {
  ...{ shortNames: ['deploy'], subresources: ['status', 'scale'], counts: true },
});
export const REPLICA_SETS = define('apps/v1', 'ReplicaSet', 'replicasets', {
  ...{ shortNames: ['rs'], subresources: ['status', 'scale'], counts: true },
});
export const STATEFUL_SETS = define('apps/v1', 'StatefulSet', 'statefulsets', {
  ...{ shortNames: ['sts'], subresources: ['status', 'scale'], counts: true },
});
export const DAEMON_SETS = define('apps/v1', 'DaemonSet', 'daemonsets', {
  ...{ shortNames: ['ds'], subresources: STATUS, counts: true },
});
export const CONTROLLER_REVISIONS = define('apps/v1', 'ControllerRevision', 'controllerrevisions');
export const JOBS = define('batch/v1', 'Job', 'jobs', { subresources: STATUS, counts: true });
export const ENDPOINT_SLICES = define('discovery.k8s.io/v1', 'EndpointSlice', 'endpointslices', { counts: true });
export const AUTOSCALERS = define('autoscaling/v2', 'HorizontalPodAutoscaler', 'horizontalpodautoscalers', {
  ...{ shortNames: ['hpa'], subresources: STATUS },
});
export const DISRUPTION_BUDGETS = define('policy/v1', 'PodDisruptionBudget', 'poddisruptionbudgets', {
  ...{ shortNames: ['pdb'], subresources: STATUS, counts: true },
});
export const INGRESSES = define('networking.k8s.io/v1', 'Ingress', 'ingresses', {
  ...{ shortNames: ['ing'], subresources: STATUS, counts: true },
});
export const ROLES = define('rbac.authorization.k8s.io/v1', 'Role', 'roles');
export const ROLE_BINDINGS = define('rbac.authorization.k8s.io/v1', 'RoleBinding', 'rolebindings');
export const CLUSTER_ROLES = define('rbac.authorization.k8s.io/v1', 'ClusterRole', 'clusterroles', {
  namespaced: false,
});
export const CLUSTER_ROLE_BINDINGS = define(
  'rbac.authorization.k8s.io/v1',
  'ClusterRoleBinding',
  'clusterrolebindings',
  {
    namespaced: false,
  },
);
export const HTTP_ROUTES = define('gateway.networking.k8s.io/v1', 'HTTPRoute', 'httproutes', {
  ...CUSTOM,
  subresources: STATUS,
});
export const VIRTUAL_SERVICES = define('networking.istio.io/v1', 'VirtualService', 'virtualservices', {
  ...{ ...CUSTOM, shortNames: ['vs'], subresources: STATUS },
});
export const DESTINATION_RULES = define('networking.istio.io/v1', 'DestinationRule', 'destinationrules', {
  ...{ ...CUSTOM, shortNames: ['dr'], subresources: STATUS },
});

export const RESOURCES: readonly ResourceKind[] = [
  ...[NAMESPACES, NODES, PODS, SERVICES, EVENTS, CONFIG_MAPS, SECRETS, SERVICE_ACCOUNTS, QUOTAS],
  ...[DEPLOYMENTS, REPLICA_SETS, STATEFUL_SETS, DAEMON_SETS, CONTROLLER_REVISIONS, JOBS],
  ...[ENDPOINT_SLICES, AUTOSCALERS, DISRUPTION_BUDGETS, INGRESSES],
  ...[ROLES, ROLE_BINDINGS, CLUSTER_ROLES, CLUSTER_ROLE_BINDINGS],
  ...[HTTP_ROUTES, VIRTUAL_SERVICES, DESTINATION_RULES],
];

/** `apps/v1`, `v1`. */
export function apiVersionOf({ group, version }: ResourceKind): string {
  return group === '' ? version : `${group}/${version}`;
}

export function findResource(group: string, version: string, plural: string): ResourceKind | null {
  return RESOURCES.find((one) => one.group === group && one.version === version && one.plural === plural) ?? null;
}
