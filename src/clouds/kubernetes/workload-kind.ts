/** A kind of object that keeps pods running from a template. */
export type KindName = 'Deployment' | 'StatefulSet' | 'DaemonSet';

export interface WorkloadKind {
  readonly name: KindName;
  /** As kubectl prints it: `deployment`. */
  readonly word: string;
  readonly plural: string;
  /** What keeps its former templates. */
  readonly history: 'replicasets' | 'controllerrevisions';
  /** The label that tells which of them a pod was made from. */
  readonly podLabel: 'pod-template-hash' | 'controller-revision-hash';
  /** What kubectl takes for it. */
  readonly aliases: readonly string[];
}

export const KINDS: readonly WorkloadKind[] = [
  {
    ...{ name: 'Deployment', word: 'deployment', plural: 'deployments' },
    ...{ history: 'replicasets', podLabel: 'pod-template-hash' },
    aliases: ['deployment', 'deployments', 'deploy', 'deployment.apps', 'deployments.apps'],
  },
  {
    ...{ name: 'StatefulSet', word: 'statefulset', plural: 'statefulsets' },
    ...{ history: 'controllerrevisions', podLabel: 'controller-revision-hash' },
    aliases: ['statefulset', 'statefulsets', 'sts', 'statefulset.apps', 'statefulsets.apps'],
  },
  {
    ...{ name: 'DaemonSet', word: 'daemonset', plural: 'daemonsets' },
    ...{ history: 'controllerrevisions', podLabel: 'controller-revision-hash' },
    aliases: ['daemonset', 'daemonsets', 'ds', 'daemonset.apps', 'daemonsets.apps'],
  },
];

/** `deploy` -> Deployment; null: not one that can be deployed to. */
export function findKind(word: string): WorkloadKind | null {
  return KINDS.find(({ aliases }) => aliases.includes(word.toLowerCase())) ?? null;
}

/** Where the objects of a kind are: `/apis/apps/v1/namespaces/shop/deployments`. */
export function listPath(plural: string, namespace: string): string {
  return `/apis/apps/v1/namespaces/${encodeURIComponent(namespace)}/${plural}`;
}

/** `/api/v1/namespaces/shop/pods` */
export function corePath(plural: string, namespace: string): string {
  return `/api/v1/namespaces/${encodeURIComponent(namespace)}/${plural}`;
}
