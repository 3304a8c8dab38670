import type { Replica, ReplicaContainer } from '@azure/arm-appcontainers';

/** What is wrong with the containers of a revision. */
export interface Trouble {
  /** `container web: CrashLoopBackOff, restarted 3 times`. */
  readonly text: string;
  /**
   * `proven`: it happened more than once. `suspected`: it may pass, unless it stays so. `passing`: it mostly passes, and is left to
   * the platform's own deadline.
   */
  readonly evidence: 'proven' | 'suspected' | 'passing';
}

/** null: nothing is wrong as far as they tell. */
export function findTrouble(replicas: readonly Replica[]): Trouble | null {
  const containers = replicas.flatMap((replica) => [...(replica.initContainers ?? []), ...(replica.containers ?? [])]);
  const troubles = containers.map(troubleOf).filter((trouble) => trouble !== null);
  const find = (wanted: Trouble['evidence']) => troubles.find(({ evidence }) => evidence === wanted);
  return find('proven') ?? find('suspected') ?? troubles[0] ?? null;
}

/** In words; null: nothing is wrong, or what mostly passes by itself. */
export function findLastingTrouble(replicas: readonly Replica[] | null): string | null {
  const found = replicas && findTrouble(replicas);
  return found && found.evidence !== 'passing' ? found.text : null;
}

// A container may exit once for any reason; one that was restarted and exited again is a pattern.
const RESTARTS_THAT_PROVE_IT = 2;
const WAITING =
  /CrashLoopBackOff|ImagePull|ErrImage|InvalidImageName|CreateContainer\w*Error|RunContainerError|UNAUTHORIZED/i;
// Azure has looked at the image before it starts one, so a pull that fails then is mostly one of a registry that limits the rate
// or of a network. Where it is more, the words say so.
const PULL = /ImagePull|ErrImage(?!NeverPull)/i;
const LASTING = /unauthorized|authentication|denied|forbidden|\b40[134]\b|not ?found|unknown|no matching|invalid/i;

function troubleOf(container: ReplicaContainer): Trouble | null {
  const { restartCount = 0, runningStateDetails = '', ready = false } = container;
  if (ready) return null;
  const crashedAgain =
    restartCount >= RESTARTS_THAT_PROVE_IT || (restartCount > 0 && /CrashLoop/i.test(runningStateDetails));
  if (crashedAgain) return { text: describeContainer(container), evidence: 'proven' };
  if (!WAITING.test(runningStateDetails)) return null;
  const mayPass = PULL.test(runningStateDetails) && !LASTING.test(runningStateDetails);
  return { text: describeContainer(container), evidence: mayPass ? 'passing' : 'suspected' };
}

/** `container web: Waiting, CrashLoopBackOff, restarted 3 times`. */
export function describeContainer(container: ReplicaContainer): string {
  const { name = '', runningState = '', runningStateDetails = '', restartCount = 0 } = container;
  const restarts = restartCount === 0 ? [] : [`restarted ${restartCount === 1 ? 'once' : `${restartCount} times`}`];
  return `container ${name}: ${[runningState, runningStateDetails, ...restarts].filter(Boolean).join(', ')}`;
}
