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
  /** It can't be read, and this process did not activate it: another one may have deactivated it. */
  readonly mayBeInactive?: boolean;
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
export function unknownRevision(name: string, known: Pick<RevisionState, 'active' | 'mayBeInactive'>): RevisionState {
  const scale = { replicas: 1, minReplicas: 1, maxReplicas: 1 };
  return { name, ...known, share: 0, ...scale, provisioning: 'provisioned', health: 'healthy', running: '', error: '' };
}

/** Activating one that is active changes nothing. */
export function needsActivation({ active, mayBeInactive = false }: RevisionState): boolean {
  return !active || mayBeInactive;
}

const IDLE_OR_RUNNING = ['running', 'runningatmaxscale', 'scaledtozero', 'scaled to 0'];

/** Its own minimum says that something has to run: `0 of at least 2 replicas`. */
function lacksReplicas({ replicas, minReplicas }: RevisionState): boolean {
  return replicas === 0 && minReplicas > 0;
}

/**
 * Can it take requests? That ARM accepted the change says nothing of that (Azure/azure-cli-extensions#6251). One that scales
 * to zero has no health until the first request wakes it.
 */
export function isUp(state: RevisionState): boolean {
  const { active, provisioning, health, running, replicas } = state;
  if (!active || provisioning !== 'provisioned' || lacksReplicas(state)) return false;
  return health === 'healthy' || (health !== 'unhealthy' && replicas === 0 && IDLE_OR_RUNNING.includes(running));
}

/** It says of itself that it will not start. */
export function hasFailed({ provisioning, running, error }: RevisionState): boolean {
  return (
    error !== '' || provisioning === 'failed' || ['failed', 'activationfailed', 'activation failed'].includes(running)
  );
}

/** `provisioned, Activating, health none`. */
export function describeState(state: RevisionState): string {
  const { active, provisioning, running, health, replicas, error } = state;
  const least = lacksReplicas(state) ? ` of at least ${state.minReplicas}` : '';
  const words = [provisioning, running, `health ${health || 'unknown'}`, `${replicas}${least} replicas`].filter(
    Boolean,
  );
  return `${words.join(', ')}${active ? '' : ', inactive'}${error === '' ? '' : `: ${error}`}`;
}
