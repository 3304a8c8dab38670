import { type JsonObject, objectsAt, textAt } from '../../json.ts';
import { conditionOf, toTime, withoutAbsent } from '../object.ts';
import { type ContainerLife, isInitialized, isReadyContainer, type Terminated } from './container-life.ts';

/** What a kubelet knows of a pod beside the API server's object. */
export interface PodFacts {
  readonly containers: readonly ContainerLife[];
  readonly hostIP: string;
  /** '' before there is one. */
  readonly ip: string;
  readonly startedAt: number;
  /** The node ended it: `Evicted`. */
  readonly ended: { readonly reason: string; readonly message: string } | null;
  readonly now: number;
}

/** https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/ */
export function podStatus(pod: JsonObject, facts: PodFacts): JsonObject {
  const { containers, hostIP, ip, startedAt, ended } = facts;
  const ofRole = (isMain: boolean): readonly JsonObject[] =>
    containers.filter(({ role }) => (role === 'main') === isMain).map((one) => containerStatus(pod, one));
  const inits = ofRole(false);
  const before = pod['status'] as JsonObject;
  return withoutAbsent({
    phase: ended ? 'Failed' : phaseOf(pod, containers),
    ...(ended ?? {}),
    conditions: conditions(pod, facts),
    ...{ hostIP, hostIPs: [{ ip: hostIP }] },
    ...(ip === '' ? {} : { podIP: ip, podIPs: [{ ip }] }),
    startTime: toTime(startedAt),
    ...(inits.length > 0 ? { initContainerStatuses: inits } : {}),
    containerStatuses: ofRole(true),
    qosClass: before['qosClass'],
  });
}

export function phaseOf(pod: JsonObject, containers: readonly ContainerLife[]): string {
  const policy = textAt(pod, 'spec', 'restartPolicy');
  const inits = containers.filter(({ role }) => role === 'init');
  const failed = (one: ContainerLife): boolean => one.state.kind === 'terminated' && one.state.exitCode !== 0;
  if (policy === 'Never' && inits.some(failed)) return 'Failed';
  if (!containers.every(isInitialized)) return 'Pending';
  const mains = containers.filter(({ role }) => role === 'main');
  if (policy !== 'Always' && mains.every(({ state }) => state.kind === 'terminated')) {
    if (!mains.some(failed)) return 'Succeeded';
    if (policy === 'Never') return 'Failed';
  }
  return mains.some(({ state, last }) => state.kind === 'waiting' && last === null) ? 'Pending' : 'Running';
}

function conditions(pod: JsonObject, { containers, ip, ended, now }: PodFacts): readonly JsonObject[] {
  const initialized = containers.every(isInitialized);
  const mains = containers.filter(({ role }) => role !== 'init');
  const unready = mains.filter((one) => !isReadyContainer(one)).map(({ name }) => name);
  const phase = phaseOf(pod, containers);
  const uninitialized = containers.filter((one) => !isInitialized(one)).map(({ name }) => name);
  const notReady =
    phase === 'Succeeded' || phase === 'Failed' || ended
      ? { reason: phase === 'Succeeded' ? 'PodCompleted' : 'PodFailed' }
      : { reason: 'ContainersNotReady', message: `containers with unready status: [${unready.join(' ')}]` };
  const isUp = unready.length === 0 && initialized && !ended && !['Succeeded', 'Failed'].includes(phase);
  const own = [
    { type: 'PodReadyToStartContainers', status: toWord(ip !== '' && !ended) },
    initialized
      ? { type: 'Initialized', status: 'True' }
      : {
          type: 'Initialized',
          status: 'False',
          reason: 'ContainersNotInitialized',
          message: `containers with incomplete status: [${uninitialized.join(' ')}]`,
        },
    isUp ? readyByGates(pod) : { type: 'Ready', status: 'False', ...notReady },
    isUp ? { type: 'ContainersReady', status: 'True' } : { type: 'ContainersReady', status: 'False', ...notReady },
  ];
  const dated = own.map((condition): JsonObject => {
    const before = conditionOf(pod, condition.type);
    const lastTransitionTime = before?.['status'] === condition.status ? before['lastTransitionTime'] : toTime(now);
    return { ...condition, lastProbeTime: null, lastTransitionTime };
  });
  const types = own.map(({ type }) => type);
  const foreign = objectsAt(pod, 'status', 'conditions').filter(({ type }) => !types.includes(String(type)));
  return [...dated, ...foreign];
}

/** Whoever owns a readiness gate sets its condition; the kubelet only draws the conclusion. */
function readyByGates(pod: JsonObject): { readonly type: string; readonly status: string } & JsonObject {
  const problems = objectsAt(pod, 'spec', 'readinessGates').flatMap((gate) => {
    const type = textAt(gate, 'conditionType');
    const condition = conditionOf(pod, type);
    if (!condition) return [`corresponding condition of pod readiness gate "${type}" does not exist.`];
    const status = textAt(condition, 'status');
    return status === 'True' ? [] : [`the status of pod readiness gate "${type}" is not "True", but ${status}`];
  });
  if (problems.length === 0) return { type: 'Ready', status: 'True' };
  return { type: 'Ready', status: 'False', reason: 'ReadinessGatesNotReady', message: problems.join(', ') };
}

function containerStatus(pod: JsonObject, container: ContainerLife): JsonObject {
  const { name, spec, image, restarts, state, last } = container;
  const reference = textAt(spec, 'image');
  const hasRun = restarts > 0 || state.kind !== 'waiting' || last !== null;
  const id = hasRun ? { containerID: `containerd://${textAt(pod, 'metadata', 'uid')}-${name}-${restarts}` } : {};
  return {
    ...id,
    image: reference,
    imageID: hasRun && image ? `${repositoryOf(reference)}@${image.digest}` : '',
    lastState: last && state !== last ? { terminated: terminated(last) } : {},
    ...{
      name,
      ready: isReadyContainer(container),
      restartCount: restarts,
      started: container.started && state.kind === 'running',
    },
    state: stateOf(container),
  };
}

function stateOf({ state }: ContainerLife): JsonObject {
  if (state.kind === 'running') return { running: { startedAt: toTime(state.startedAt) } };
  if (state.kind === 'terminated') return { terminated: terminated(state) };
  const { reason, message } = state;
  return { waiting: { ...(message === '' ? {} : { message }), reason } };
}

function terminated({ startedAt, finishedAt, exitCode, reason, message }: Terminated): JsonObject {
  return {
    exitCode,
    finishedAt: toTime(finishedAt),
    ...(message === '' ? {} : { message }),
    reason,
    startedAt: toTime(startedAt),
  };
}

function repositoryOf(image: string): string {
  const [name = ''] = image.split('@');
  return name.replace(/:[^/:]+$/, '');
}

function toWord(is: boolean): 'True' | 'False' {
  return is ? 'True' : 'False';
}
