import type { Revision } from '@azure/arm-appcontainers';

/** What Azure says of a revision, in lower case: it adds words to these lists without notice. */
export interface RevisionState {
  readonly name: string;
  readonly active: boolean;
  /** Of the traffic that is in force, which the app's document may be ahead of. */
  readonly share: number;
  readonly replicas: number;
  /** Of its scale rules: https://learn.microsoft.com/azure/container-apps/scale-app#scale-definition */
  readonly minReplicas: number;
  readonly maxReplicas: number;
  readonly provisioning: string;
  readonly health: string;
  readonly running: string;
  /** '' where there is none. */
  readonly error: string;
}

export function toRevisionState(revision: Revision): RevisionState {
  return {
    name: revision.name ?? '',
    active: revision.active ?? false,
    share: revision.trafficWeight ?? 0,
    replicas: revision.replicas ?? 0,
    minReplicas: revision.template?.scale?.minReplicas ?? 0,
    maxReplicas: revision.template?.scale?.maxReplicas ?? 10,
    provisioning: (revision.provisioningState ?? '').toLowerCase(),
    health: (revision.healthState ?? '').toLowerCase(),
    running: (revision.runningState ?? '').toLowerCase(),
    error: revision.provisioningError ?? '',
  };
}

/**
 * One that can't be read now. A restoration goes on without it: that it is up and without traffic makes it wait for nothing.
 */
export function unknownRevision(name: string, { active }: { readonly active: boolean }): RevisionState {
  const scale = { replicas: 1, minReplicas: 1, maxReplicas: 1 };
  return { name, active, share: 0, ...scale, provisioning: 'provisioned', health: 'healthy', running: '', error: '' };
}

const IDLE_OR_RUNNING = ['running', 'runningatmaxscale', 'scaledtozero', 'scaled to 0'];

/**
 * Can it take requests? That ARM accepted the change says nothing of that (Azure/azure-cli-extensions#6251). One that scales
 * to zero has no health until the first request wakes it.
 */
export function isUp({ active, provisioning, health, running, replicas }: RevisionState): boolean {
  if (!active || provisioning !== 'provisioned') return false;
  return health === 'healthy' || (health !== 'unhealthy' && replicas === 0 && IDLE_OR_RUNNING.includes(running));
}

/** It says of itself that it will not start. */
export function hasFailed({ provisioning, running, error }: RevisionState): boolean {
  return (
    error !== '' || provisioning === 'failed' || ['failed', 'activationfailed', 'activation failed'].includes(running)
  );
}

/** `provisioned, Activating, health none`. */
export function describeState({ active, provisioning, running, health, replicas, error }: RevisionState): string {
  const words = [provisioning, running, `health ${health || 'unknown'}`, `${replicas} replicas`].filter(Boolean);
  return `${words.join(', ')}${active ? '' : ', inactive'}${error === '' ? '' : `: ${error}`}`;
}
