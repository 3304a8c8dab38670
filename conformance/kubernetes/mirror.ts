import { setTimeout as sleep } from 'node:timers/promises';
import { type JsonObject, objectAt, objectsAt, textAt } from '../../simulators/json.ts';
import { nameOf, namespaceOf } from '../../simulators/kubernetes/object.ts';
import {
  apiVersionOf,
  CONFIG_MAPS,
  DAEMON_SETS,
  DEPLOYMENTS,
  ENDPOINT_SLICES,
  HTTP_ROUTES,
  JOBS,
  NODES,
  PODS,
  type ResourceKind,
  SECRETS,
  SERVICES,
  STATEFUL_SETS,
  VIRTUAL_SERVICES,
} from '../../simulators/kubernetes/resources.ts';
import { Store } from '../../simulators/kubernetes/store.ts';
import type { RealApi } from './real-api.ts';
import { areEndpointsSettled } from './settled.ts';

const MIRRORED = [
  ...[NODES, PODS, SERVICES, ENDPOINT_SLICES, CONFIG_MAPS, SECRETS],
  ...[DEPLOYMENTS, STATEFUL_SETS, DAEMON_SETS, JOBS, HTTP_ROUTES, VIRTUAL_SERVICES],
];
const RETRY_MS = 200;
const QUIET_MS = 250;
/** A pod that crashes again and again is never quiet. */
const LONGEST_UNREST_MS = 5_000;

export interface Mirror {
  readonly store: Store;
  /** Resolves when nothing has changed for a while: the controllers are done, and the copy is no longer behind. */
  untilQuiet(): Promise<void>;
  close(): void;
}

/** A copy of a real API server's objects, some milliseconds behind it. Resolves when all of them have been read once. */
export async function openMirror(api: RealApi): Promise<Mirror> {
  const store = new Store();
  const closing = new AbortController();
  await Promise.all(MIRRORED.map((kind) => follow(api, store, { kind, signal: closing.signal })));
  let changedAt = Date.now();
  store.onChange(() => {
    changedAt = Date.now();
  });
  return {
    store,
    async untilQuiet() {
      const from = Date.now();
      const isQuiet = (): boolean => Date.now() - Math.max(changedAt, from) >= QUIET_MS && areEndpointsSettled(store);
      while (!isQuiet() && Date.now() - from < LONGEST_UNREST_MS) await sleep(50);
    },
    close: () => closing.abort(),
  };
}

async function follow(
  api: RealApi,
  store: Store,
  { kind, signal }: { readonly kind: ResourceKind; readonly signal: AbortSignal },
): Promise<void> {
  const path = `/${kind.group === '' ? 'api' : 'apis'}/${apiVersionOf(kind)}/${kind.plural}`;
  let version = await readAll(api, store, { kind, path });
  const keepOn = async (): Promise<void> => {
    while (!signal.aborted) {
      const onEvent = (event: JsonObject): void => {
        if (event['type'] === 'ERROR') version = '';
        else version = take(store, kind, event);
      };
      await api
        .watch(`${path}?watch=true&allowWatchBookmarks=true&resourceVersion=${version}`, onEvent, signal)
        .catch(() => {});
      if (signal.aborted) return;
      await sleep(RETRY_MS);
      if (version === '') version = await readAll(api, store, { kind, path }).catch(() => '');
    }
  };
  void keepOn();
}

async function readAll(
  api: RealApi,
  store: Store,
  { kind, path }: { readonly kind: ResourceKind; readonly path: string },
): Promise<string> {
  const { object, status, text } = await api.send(path);
  if (status !== 200) throw new Error(`${path} was answered with ${status}: ${text.slice(0, 300)}`);
  const items = objectsAt(object, 'items').map((item) => ({
    ...item,
    apiVersion: apiVersionOf(kind),
    kind: kind.kind,
  }));
  for (const old of store.list(kind)) {
    const isThere = items.some((item) => nameOf(item) === nameOf(old) && namespaceOf(item) === namespaceOf(old));
    if (!isThere) store.remove(kind, old);
  }
  for (const item of items) store.put(kind, item);
  return textAt(object, 'metadata', 'resourceVersion');
}

/** Returns where to go on from. */
function take(store: Store, kind: ResourceKind, event: JsonObject): string {
  const object = objectAt(event, 'object');
  if (event['type'] === 'DELETED') store.remove(kind, object);
  else if (event['type'] !== 'BOOKMARK') store.put(kind, object);
  return textAt(object, 'metadata', 'resourceVersion');
}
