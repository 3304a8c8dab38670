import type { Json, JsonObject } from '../json.ts';
import { ArmError } from './arm-error.ts';
import { toTime } from './arm-time.ts';

/** One asynchronous change, as ARM lets its caller follow it. */
export interface Operation {
  readonly id: string;
  /** Path of its status and its result, without the host: `/subscriptions/…/containerappOperationStatuses/<id>`. */
  readonly statusPath: string;
  readonly resultPath: string;
  readonly startedAt: number;
  status: 'InProgress' | 'Succeeded' | 'Failed';
  endedAt: number | null;
  error: { readonly code: string; readonly message: string } | null;
  /** Asked for with every answer until it has ended; null: not at all. */
  readonly retryAfterSeconds: number | null;
  /** What GET of the result says at the end. */
  readonly result: () => Json;
}

/** All that were ever started. https://learn.microsoft.com/azure/azure-resource-manager/management/async-operations */
export class Operations {
  readonly #byId = new Map<string, Operation>();

  add(operation: Operation): void {
    this.#byId.set(operation.id, operation);
  }

  find(id: string): Operation {
    const found = this.#byId.get(id);
    if (found) return found;
    throw new ArmError(404, 'OperationNotFound', `The operation '${id}' was not found.`);
  }

  viewStatus(operation: Operation): JsonObject {
    return {
      id: operation.statusPath,
      name: operation.id,
      status: operation.status,
      startTime: toTime(operation.startedAt),
      ...(operation.endedAt === null ? {} : { endTime: toTime(operation.endedAt) }),
      ...(operation.error ? { error: operation.error } : {}),
    };
  }
}

/** What a client that polls is asked to wait. */
export function retryAfter({ status, retryAfterSeconds }: Operation): Readonly<Record<string, string>> {
  return status !== 'InProgress' || retryAfterSeconds === null ? {} : { 'retry-after': String(retryAfterSeconds) };
}

export function endOperation(
  operation: Operation,
  now: number,
  error: { readonly code: string; readonly message: string } | null,
): void {
  operation.status = error ? 'Failed' : 'Succeeded';
  operation.endedAt = now;
  operation.error = error;
}
