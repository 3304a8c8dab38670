import { isJsonObject, type JsonObject, listAt, numberAt, textAt, valueAt } from '../../model/json.ts';

/** One container with what its pod says of it. */
export interface PodContainer {
  readonly status: JsonObject;
  readonly spec: JsonObject;
  readonly kind: 'main' | 'init' | 'sidecar';
}

/** An init container with `restartPolicy: Always` is a sidecar: it runs on, and is started again. */
export function containersOf(pod: JsonObject): readonly PodContainer[] {
  const find = (list: string, name: string): JsonObject =>
    listAt(pod, 'spec', list).find((one) => textAt(one, 'name') === name) ?? {};
  const inits = listAt(pod, 'status', 'initContainerStatuses').map((status): PodContainer => {
    const spec = find('initContainers', textAt(status, 'name'));
    return { status, spec, kind: textAt(spec, 'restartPolicy') === 'Always' ? 'sidecar' : 'init' };
  });
  const mains = listAt(pod, 'status', 'containerStatuses').map((status): PodContainer => {
    return { status, spec: find('containers', textAt(status, 'name')), kind: 'main' };
  });
  return [...inits, ...mains];
}

export interface ContainerEnd {
  readonly reason: string;
  readonly exitCode: number;
  readonly signal: number;
  readonly message: string;
  /** It has not been started again. */
  readonly isNow: boolean;
}

/** How it ended last; null: it never did. */
export function endOf({ status }: PodContainer): ContainerEnd | null {
  const [now, last] = [valueAt(status, 'state', 'terminated'), valueAt(status, 'lastState', 'terminated')];
  const found = [now, last].find(isJsonObject);
  if (!found) return null;
  return {
    reason: textAt(found, 'reason'),
    exitCode: numberAt(found, 'exitCode'),
    signal: numberAt(found, 'signal'),
    message: textAt(found, 'message'),
    isNow: found === now,
  };
}

/** `exit code 1, Error (the last line of its message)` */
export function describeEnd({ reason, exitCode, signal, message }: ContainerEnd): string {
  const [line = ''] = message.trim().split('\n').slice(-1);
  const parts = [`exit code ${exitCode}`, ...(signal > 0 ? [`signal ${signal}`] : []), ...(reason ? [reason] : [])];
  return `${parts.join(', ')}${line === '' ? '' : ` (${line})`}`;
}

/** How often its containers were started again. */
export function restartsOf(pod: JsonObject): number {
  return containersOf(pod).reduce((sum, { status }) => sum + numberAt(status, 'restartCount'), 0);
}
