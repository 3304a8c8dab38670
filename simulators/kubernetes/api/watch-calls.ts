import type { SimulatedResponse, TimeSource } from '../../edge/host.ts';
import type { JsonObject } from '../../json.ts';
import { namespaceOf } from '../object.ts';
import { apiVersionOf } from '../resources.ts';
import type { StoreChange } from '../store.ts';
import type { ApiCall } from './api-call.ts';
import { filterOf } from './read-calls.ts';

const LONGEST_WATCH_SECONDS = 300;
/** How often a watch without news looks again: a request of somebody else may have made some. */
const LOOK_AGAIN_MS = 500;

/**
 * A watch that ends with its first news: a server may end one at any time, and its client starts the next. Held until
 * there is something, or until its time is over.
 */
export function watchObjects(call: ApiCall, clock: TimeSource): SimulatedResponse {
  const { world, query, kind, namespace } = call;
  const passes = filterOf(call);
  const seconds = Number(query.get('timeoutSeconds') || LONGEST_WATCH_SECONDS);
  const deadline = clock.now() + seconds * 1_000;
  const since = query.get('resourceVersion') ?? '';
  const isFresh = since === '' || since === '0' || query.get('sendInitialEvents') === 'true';
  const from = isFresh ? world.store.version : Number(since);
  const first = isFresh
    ? world.store
        .list(kind, namespace)
        .filter(passes)
        .map((object) => ({ type: 'ADDED', object }))
    : [];
  const bookmark = query.get('sendInitialEvents') === 'true' ? [endOfInitialEvents(call)] : [];
  const look = (): SimulatedResponse => {
    world.queue.advanceTo(clock.now());
    const news = world.store.changes
      .filter(({ version, kind: of }) => version > from && of === kind)
      .flatMap((change) => toEvent(change, namespace, passes));
    const events = [...first, ...bookmark, ...news];
    const now = clock.now();
    if (events.length > 0 || now >= deadline) return toStream(events);
    const at = Math.min(deadline, world.queue.nextAt ?? deadline, now + LOOK_AGAIN_MS);
    return { status: 200, later: { at: Math.max(at, now + 1), answer: look } };
  };
  return look();
}

function toEvent(
  { before, after }: StoreChange,
  namespace: string,
  passes: (object: JsonObject) => boolean,
): readonly JsonObject[] {
  const object = after ?? before!;
  if (namespace !== '' && namespaceOf(object) !== namespace) return [];
  const was = before !== null && passes(before);
  const is = after !== null && passes(after);
  if (!was && !is) return [];
  if (is) return [{ type: was ? 'MODIFIED' : 'ADDED', object }];
  return [{ type: 'DELETED', object }];
}

function endOfInitialEvents({ world, kind }: ApiCall): JsonObject {
  const metadata = {
    resourceVersion: String(world.store.version),
    annotations: { 'k8s.io/initial-events-end': 'true' },
  };
  return { type: 'BOOKMARK', object: { kind: kind.kind, apiVersion: apiVersionOf(kind), metadata } };
}

function toStream(events: readonly JsonObject[]): SimulatedResponse {
  const body = events.map((event) => `${JSON.stringify(event)}\n`).join('');
  return { status: 200, headers: { 'content-type': 'application/json' }, body };
}
