import type { Revision } from '@azure/arm-appcontainers';

/** What Azure says of a revision, in lower case: it adds words to these lists without notice. */
export interface RevisionState {
  readonly name: string;
  readonly active: boolean;
  /** Of the traffic that is in force, which the app's document may be ahead of. */
  readonly share: number;
  readonly replicas: number;
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
    provisioning: (revision.provisioningState ?? '').toLowerCase(),
    health: (revision.healthState ?? '').toLowerCase(),
    running: (revision.runningState ?? '').toLowerCase(),
    error: revision.provisioningError ?? '',
  };
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
