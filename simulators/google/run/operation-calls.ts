import type { JsonObject } from '../../json.ts';
import type { Later, RunCall } from './call.ts';
import { parentOf } from './find.ts';
import { findOperation, viewOperation } from './operations.ts';
import { pageOf } from './page.ts';

/** The server's own limit for one wait. */
const LONGEST_WAIT_MS = 30 * 60_000;

export function getOperation({ world, name }: RunCall): JsonObject {
  world.access.authorize('run.operations.get', name);
  return viewOperation(world, findOperation(world, name));
}

export function listOperations({ world, name, query }: RunCall): JsonObject {
  world.access.authorize('run.operations.list', parentOf(name));
  const operations = [...world.operations.values()].map((operation) => viewOperation(world, operation));
  return pageOf('operations', operations, query);
}

/** Answers when the operation is done or the time is over: https://google.aip.dev/151 */
export function waitOperation(call: RunCall): JsonObject | Later {
  const { world, name, body } = call;
  world.access.authorize('run.operations.wait', name);
  const operation = findOperation(world, name);
  const seconds = Number(/^([\d.]+)s$/.exec(String(body['timeout'] ?? ''))?.[1] ?? Number.POSITIVE_INFINITY);
  const deadline = world.queue.now + Math.min(seconds * 1_000, LONGEST_WAIT_MS);
  const look = (): JsonObject | Later => {
    const at = Math.min(deadline, world.queue.nextAt ?? deadline);
    return operation.end !== null || world.queue.now >= deadline ? viewOperation(world, operation) : { at, look };
  };
  return look();
}
