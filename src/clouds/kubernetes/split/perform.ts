import { DeployError } from '../../../model/errors.ts';
import { type JsonObject, objectAt, textAt } from '../../../model/json.ts';
import { ApiRefusal, type BodyKind } from '../api.ts';
import { isChangedMeanwhile } from '../change-object.ts';
import { MANAGER } from '../rollout-annotation.ts';
import { corePath } from '../workload-kind.ts';
import { gatePatch } from './copy-pods.ts';
import { borrowedBy, type SplitState } from './read-state.ts';
import { routePath } from './route-kind.ts';
import { rulesPatch, withoutCopyAnywhere, withShare } from './route-weights.ts';
import { copyServiceOf, selectorPatch } from './services.ts';
import { routeSplitOf, type SplitData } from './split-data.ts';
import type { SplitAct } from './split-facts.ts';
import { type SplitWorkload, servicePath } from './split-workload.ts';

/** What was read, and what is to be restored. */
export interface Reading {
  readonly state: SplitState;
  readonly data: SplitData;
  /** The share that the route gives the copy now. */
  readonly routed: number | null;
}

/**
 * Does it. False: something has changed since it was read, so it has to be read again. Each request names what it changes by
 * uid or resourceVersion, so that one which arrives late has no effect.
 * @throws DeployError
 */
export async function perform(split: SplitWorkload, reading: Reading, act: SplitAct): Promise<boolean> {
  try {
    await send(split, reading, act);
    return true;
  } catch (error) {
    if (isChangedMeanwhile(error) || isOvertaken(act, error)) return false;
    throw error;
  }
}

/** A pod may end at any time, and a request that got no answer may have been taken. */
function isOvertaken({ act }: SplitAct, error: unknown): boolean {
  if (!(error instanceof ApiRefusal)) return false;
  const { status, reason } = error;
  return act === 'create-service' ? reason === 'AlreadyExists' : act !== 'narrow' && act !== 'route' && status === 404;
}

async function send(split: SplitWorkload, { state, data, routed }: Reading, act: SplitAct): Promise<void> {
  const { run, copy } = split;
  switch (act.act) {
    case 'scale-copy':
      return await patch(split, copy.path, 'merge-patch', {
        metadata: { uid: textAt(state.copy, 'metadata', 'uid') },
        spec: { replicas: act.replicas },
      });
    case 'scale-stable':
      return await patch(split, run.path, 'merge-patch', {
        metadata: { resourceVersion: textAt(state.web, 'metadata', 'resourceVersion') },
        spec: { replicas: act.replicas },
      });
    case 'open':
    case 'close':
      for (const pod of act.pods) {
        const path = `${corePath('pods', run.namespace)}/${encodeURIComponent(pod.name)}/status`;
        const body = gatePatch(pod, act.act === 'open', run.io.clock.now());
        await patch(split, path, 'strategic-merge-patch', body);
      }
      return;
    case 'narrow':
    case 'widen':
      return await setSelectors(split, state, act);
    case 'give-back':
      return await giveBack(split, { state, data, routed });
    case 'create-service':
      return await createService(split, state, data);
    case 'delete-service':
      return await remove(split, copy.servicePath, state.copyService);
    case 'route':
      return await setRoute(split, { state, data, routed }, act.percent);
    case 'delete-copy':
      return await remove(split, copy.path, state.copy);
  }
}

async function setSelectors(
  split: SplitWorkload,
  { services }: SplitState,
  { act, services: names }: Extract<SplitAct, { readonly act: 'narrow' | 'widen' }>,
): Promise<void> {
  for (const service of services) {
    const name = textAt(service, 'metadata', 'name');
    if (!names.includes(name)) continue;
    const body = selectorPatch(service, act === 'narrow' ? split.copy.label : null);
    await patch(split, servicePath(split.run, name), 'merge-patch', body);
  }
}

async function giveBack(split: SplitWorkload, { state, data, routed }: Reading): Promise<void> {
  for (const { path, object, managedFields } of borrowedBy(state, data, routed)) {
    await patch(split, path, 'json-patch', [
      { op: 'test', path: '/metadata/resourceVersion', value: textAt(object, 'metadata', 'resourceVersion') },
      { op: 'replace', path: '/metadata/managedFields', value: managedFields },
    ]);
  }
}

async function createService(split: SplitWorkload, { services }: SplitState, data: SplitData): Promise<void> {
  const { run, copy } = split;
  const stable = services.find((service) => textAt(service, 'metadata', 'name') === data.route?.stable);
  if (!stable) throw gone(split, `service ${data.route?.stable}`);
  await run.api.change({
    method: 'POST',
    path: corePath('services', run.namespace),
    query: { fieldManager: MANAGER },
    body: copyServiceOf(stable, copy),
  });
}

async function setRoute(split: SplitWorkload, { state, data }: Reading, percent: number): Promise<void> {
  const routing = routeSplitOf(split, data);
  if (!routing || !data.route) return;
  const { route } = state;
  if (!route) throw gone(split, `${routing.kind.title} ${data.route.name}`);
  const shared = withShare(route, routing, percent);
  // Whoever changed it meanwhile keeps what they set; only what leads to the copy is taken out.
  const rules = shared ?? (percent === 0 ? withoutCopyAnywhere(route, routing) : null);
  if (!rules) {
    const message = `could not give ${split.copy.name} a share: another user or deployment changed the backends of ${routing.kind.title} ${data.route.name}`;
    throw new DeployError('SUPERSEDED', message, { hint: 'Run again when no one else changes the route.' });
  }
  const path = routePath(routing.kind, split.run.namespace, data.route.name);
  await patch(split, path, 'merge-patch', rulesPatch(route, routing.kind, rules));
}

function gone({ run }: SplitWorkload, what: string): DeployError {
  const message = `could not split the traffic of ${run.resource}: ${what} was deleted`;
  return new DeployError('SUPERSEDED', message, { hint: 'Run again when no one else changes it.' });
}

/** With everything that belongs to it; until then it is there, and says so. */
async function remove({ run }: SplitWorkload, path: string, object: JsonObject | null): Promise<void> {
  const { uid } = objectAt(object, 'metadata');
  await run.api.change({
    method: 'DELETE',
    path,
    kind: 'json',
    body: { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy: 'Foreground', preconditions: { uid } },
  });
}

async function patch({ run }: SplitWorkload, path: string, kind: BodyKind, body: unknown): Promise<void> {
  await run.api.change({ method: 'PATCH', path, kind, body, query: { fieldManager: MANAGER } });
}
