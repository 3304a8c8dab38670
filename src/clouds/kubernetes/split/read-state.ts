import { type JsonObject, listAt, numberAt, textAt } from '../../../model/json.ts';
import { withGivenBack } from '../managed-fields.ts';
import { MANAGER } from '../rollout-annotation.ts';
import { desiredReplicas } from '../rollout-status.ts';
import { corePath } from '../workload-kind.ts';
import { readCopyPods } from './copy-pods.ts';
import { isExcluding } from './decide-removal.ts';
import { COPY_LABEL, MODE_ANNOTATION } from './names.ts';
import { findRouteKind, routePath } from './route-kind.ts';
import { rulesOf, sendsToCopy, withShare } from './route-weights.ts';
import { isNarrowed } from './services.ts';
import { routeSplitOf, type SplitData } from './split-data.ts';
import { openPods, type SplitFacts, type SplitMode } from './split-facts.ts';
import { findOwnCopy, heldMs, isOwn, type SplitWorkload, servicePath } from './split-workload.ts';

/** The objects of a rollout that splits the traffic, as they are now. */
export interface SplitState {
  readonly web: JsonObject;
  /** null: it isn't there. */
  readonly copy: JsonObject | null;
  readonly pods: readonly JsonObject[];
  /** Those that are still there. */
  readonly services: readonly JsonObject[];
  /** The copy's own. */
  readonly copyService: JsonObject | null;
  readonly route: JsonObject | null;
}

/** @throws DeployError */
export async function readState(split: SplitWorkload, data: SplitData): Promise<SplitState> {
  const { run, copy } = split;
  const { api, namespace } = run;
  const kind = data.route && findRouteKind(data.route.kind);
  const [web, found, services, copyService, route] = await Promise.all([
    api.read(run.path),
    findOwnCopy(split),
    Promise.all(data.services.map(({ name }) => api.find(servicePath(run, name)))),
    kind ? api.find(copy.servicePath) : null,
    kind ? api.find(routePath(kind, namespace, data.route!.name)) : null,
  ]);
  const labelSelector = `${COPY_LABEL}=${copy.label}`;
  const pods = found ? await api.list(corePath('pods', namespace), { labelSelector }) : [];
  return {
    ...{ web, pods, route, copy: found },
    services: services.filter((service) => service !== null),
    copyService: copyService && isOwn(copyService, copy.label) ? copyService : null,
  };
}

/** `percent`: the share that the route may have besides none. */
export function toFacts(split: SplitWorkload, state: SplitState, data: SplitData): SplitFacts {
  const { web, copy, copyService } = state;
  const pods = readCopyPods(state.pods);
  const narrowed = namesOf(state.services.filter(isNarrowed));
  const whole = namesOf(state.services.filter((service) => !isNarrowed(service)));
  const routed = routedShare(split, state, data);
  const open = openPods(pods);
  const isShared = open.length > 0 && !isExcluding({ narrowed, routed });
  const isClosed = open.length === 0 && pods.some(({ gate }) => gate === 'closed');
  return {
    ...{ pods, narrowed, routed },
    whole: data.route ? [] : whole,
    mode: modeOf(copy),
    valve: data.route ? 'route' : 'replicas',
    copy: copy && {
      replicas: desiredReplicas(copy),
      isDeleting: textAt(copy, 'metadata', 'deletionTimestamp') !== '',
    },
    copyName: split.copy.name,
    stable: { replicas: desiredReplicas(web), ready: numberAt(web, 'status', 'readyReplicas') },
    hasService: copyService !== null,
    borrowed: borrowedBy(state, data, routed).map(({ key }) => key),
    overlapMs: data.overlapMs,
    since: {
      shared: heldMs(split, 'shared', isShared && open.every(({ isReady }) => isReady)),
      included: heldMs(split, 'included', isShared),
      narrowed: heldMs(split, 'narrowed', narrowed.length > 0 && whole.length === 0),
      down: heldMs(split, 'down', open.length > 0 && open.every(({ isUp }) => !isUp)),
      closed: heldMs(split, 'closed', isClosed),
    },
  };
}

/** Without the copy there is nothing that tells: with care then. */
export function modeOf(copy: JsonObject | null): SplitMode {
  return textAt(copy, 'metadata', 'annotations', MODE_ANNOTATION) === 'canary' ? 'canary' : 'blue-green';
}

/** The copy's share by the route: 0 where it is as it was, null where it is no share of ours. */
function routedShare(split: SplitWorkload, { route }: SplitState, data: SplitData): number | null {
  const routing = routeSplitOf(split, data);
  if (!route || !routing) return 0;
  if (!sendsToCopy(route, routing)) return 0;
  const now = JSON.stringify(rulesOf(route, routing.kind));
  for (let percent = 1; percent <= 100; percent += 1) {
    if (JSON.stringify(withShare(route, routing, percent)) === now) return percent;
  }
  return null;
}

export interface Borrowed {
  readonly key: string;
  readonly path: string;
  readonly object: JsonObject;
  readonly managedFields: readonly JsonObject[];
}

/** Objects whose value is the user's own again, where field managers still show our change. */
export function borrowedBy(state: SplitState, data: SplitData, routed: number | null): readonly Borrowed[] {
  const whole = state.services.filter((service) => !isNarrowed(service));
  const services = whole.map((service) => {
    const name = textAt(service, 'metadata', 'name');
    const { taken = [] } = data.services.find((one) => one.name === name) ?? {};
    return { object: service, taken, key: `service ${name}` };
  });
  const kind = data.route && findRouteKind(data.route.kind);
  const routes =
    kind && state.route && routed === 0
      ? [{ object: state.route, taken: data.route!.taken, key: `${kind.title} ${data.route!.name}` }]
      : [];
  return [...services, ...routes].flatMap(({ object, taken, key }) => {
    const managedFields = isTouched(object) ? withGivenBack(object, taken, MANAGER) : null;
    const namespace = textAt(object, 'metadata', 'namespace');
    const name = textAt(object, 'metadata', 'name');
    const path = key.startsWith('service ') ? servicePath({ namespace }, name) : routePath(kind!, namespace, name);
    return managedFields ? [{ key, object, managedFields, path }] : [];
  });
}

/** A manager of our name has changed it. */
function isTouched(object: JsonObject): boolean {
  return listAt(object, 'metadata', 'managedFields').some((entry) => textAt(entry, 'manager') === MANAGER);
}

function namesOf(objects: readonly JsonObject[]): readonly string[] {
  return objects.map((object) => textAt(object, 'metadata', 'name'));
}
