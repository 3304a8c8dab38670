import { type JsonObject, objectsAt, textAt } from '../../json.ts';
import { badRequest } from '../api/api-error.ts';
import { nameOf } from '../object.ts';
import type { ContainerLife } from './container-life.ts';

interface Ask {
  readonly pod: JsonObject;
  readonly containers: readonly ContainerLife[];
  /** Of `pods/log`: container, previous, tailLines, limitBytes. */
  readonly query: URLSearchParams;
}

/** @throws ApiError 400, in the API server's and the kubelet's words */
export function logOf({ pod, containers, query }: Ask): string {
  const name = query.get('container') || onlyContainer(pod);
  const all = [...objectsAt(pod, 'spec', 'initContainers'), ...objectsAt(pod, 'spec', 'containers')];
  if (!all.some((one) => one['name'] === name))
    throw badRequest(`container ${name} is not valid for pod ${nameOf(pod)}`);
  const life = containers.find((one) => one.name === name);
  const lines = linesOf(life, { name, pod: nameOf(pod), isPrevious: query.get('previous') === 'true' });
  const tail = query.get('tailLines');
  const kept = tail === null ? lines : lines.slice(Math.max(0, lines.length - Number(tail)));
  const text = kept.map((line) => `${line}\n`).join('');
  const limit = query.get('limitBytes');
  return limit === null ? text : Buffer.from(text).subarray(0, Number(limit)).toString();
}

function linesOf(
  life: ContainerLife | undefined,
  { name, pod, isPrevious }: { readonly name: string; readonly pod: string; readonly isPrevious: boolean },
): readonly string[] {
  if (isPrevious) {
    if (life?.last && life.state.kind !== 'terminated') return life.last.logs;
    // While it is down, what ended last is the current one.
    throw badRequest(`previous terminated container "${name}" in pod "${pod}" not found`);
  }
  if (life?.state.kind === 'running') return life.isProgram ? [] : (life.image?.behaviour.logs ?? []);
  if (life?.last) return life.last.logs;
  const reason = life?.state.kind === 'waiting' ? life.state.reason : 'ContainerCreating';
  const why = ['ErrImagePull', 'ImagePullBackOff'].includes(reason) ? 'trying and failing to pull image' : reason;
  throw badRequest(`container "${name}" in pod "${pod}" is waiting to start: ${why}`);
}

function onlyContainer(pod: JsonObject): string {
  const names = objectsAt(pod, 'spec', 'containers').map((one) => textAt(one, 'name'));
  if (names.length === 1) return names[0]!;
  throw badRequest(`a container name must be specified for pod ${nameOf(pod)}, choose one of: [${names.join(' ')}]`);
}
