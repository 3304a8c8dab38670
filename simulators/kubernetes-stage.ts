import type { JsonObject } from './json.ts';
import type { Kubelet } from './kubernetes/kubelet/kubelet.ts';
import type { ServicePort } from './kubernetes/traffic/front.ts';

export const NAMESPACE = 'shop';
export const DEPLOYMENT = 'web';
/** In front of the cluster: leads to the Service `web`. */
export const SHOP_HOST = 'shop.example';
/** Whom the action logs in as. */
export const DEPLOYER = 'deployer';

export interface ApiReply {
  readonly status: number;
  readonly object: JsonObject;
  /** As they are, for logs. */
  readonly text: string;
  /** Of the `Warning` headers, joined. */
  readonly warning: string;
}

export interface ApiAsk {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly body?: unknown;
  /** Of a PATCH; default `strategic-merge-patch+json`. */
  readonly patch?: 'strategic-merge-patch+json' | 'merge-patch+json' | 'json-patch+json' | 'apply-patch+yaml';
  /** Default: the administrator. */
  readonly as?: string;
}

/**
 * A cluster with a namespace `shop`, in which a Deployment `web` runs: simulated, or a real control plane. What a scenario
 * needs beyond that it makes by requests to the API, so that it can do it on both.
 */
export interface KubernetesStage {
  readonly isReal: boolean;
  /** As text, of a user (default: the deployer), with a token and the server's certificate. */
  kubeconfig(user?: string): string;
  /** One request to the API server that is no call of the action's. `path` with its query. */
  api(path: string, ask?: ApiAsk): Promise<ApiReply>;
  /** As `api`. @throws Error where it isn't answered with 2xx */
  expect(path: string, ask?: ApiAsk): Promise<JsonObject>;
  /** Lets time pass while no step of the action runs. */
  pass(ms: number): Promise<void>;
  /** Waits until this is so, in steps of time. @throws Error after a minute */
  until(what: string, isSo: () => Promise<boolean>): Promise<void>;
  /** On the stage's clock, in milliseconds since 1970. */
  now(): number;
  /** Also while the action runs. Returns how to end it. */
  every(ms: number, visit: () => Promise<void>): () => void;
  /** What runs the pods: `troubles` of registries, `evict`. */
  readonly kubelet: Pick<Kubelet, 'troubles' | 'evict'>;
  /** One more host name in front of the cluster. `lagMs`: how far its load balancer is behind the endpoints. */
  expose(hostname: string, to: ServicePort & { readonly lagMs?: number }): void;
  /** What is answered at the front. */
  ask(path?: string, hostname?: string): Promise<{ readonly status: number; readonly body: string }>;
}

export const paths = {
  deployment: (name = DEPLOYMENT) => `/apis/apps/v1/namespaces/${NAMESPACE}/deployments/${name}`,
  deployments: `/apis/apps/v1/namespaces/${NAMESPACE}/deployments`,
  replicaSets: `/apis/apps/v1/namespaces/${NAMESPACE}/replicasets`,
  statefulSets: `/apis/apps/v1/namespaces/${NAMESPACE}/statefulsets`,
  daemonSets: `/apis/apps/v1/namespaces/${NAMESPACE}/daemonsets`,
  pods: `/api/v1/namespaces/${NAMESPACE}/pods`,
  services: `/api/v1/namespaces/${NAMESPACE}/services`,
  events: `/api/v1/namespaces/${NAMESPACE}/events`,
  quotas: `/api/v1/namespaces/${NAMESPACE}/resourcequotas`,
  roles: `/apis/rbac.authorization.k8s.io/v1/namespaces/${NAMESPACE}/roles`,
  roleBindings: `/apis/rbac.authorization.k8s.io/v1/namespaces/${NAMESPACE}/rolebindings`,
} as const;

/** Of a Role of the namespace. */
export interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

/** Everything in the namespace. */
export const EVERYTHING: readonly Rule[] = [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }];

export interface StageOptions {
  /** That v1 runs as: its full name. */
  readonly image: string;
  /** Default 3. */
  readonly replicas?: number;
  /** Merged into the Deployment's specification (RFC 7386): `minReadySeconds`, `strategy`, `template`. */
  readonly spec?: JsonObject;
  readonly annotations?: JsonObject;
  /** What the deployer may do in the namespace; default: everything. */
  readonly rules?: readonly Rule[];
  /** Merged into the Service's specification. */
  readonly service?: JsonObject;
  /** Who makes the Deployment; default `kubectl-client-side-apply`. `apply`: by server-side apply. */
  readonly by?: { readonly manager: string; readonly apply?: boolean };
}

/** As long and as odd as real ones, so that a search in a log finds it. */
export function tokenOf(user: string): string {
  return `kubernetes-token-of-${user}-0123456789abcdef`;
}
