import { type RetryPolicy, retryTransient } from '../../../io/retry-transient.ts';
import { DeployError } from '../../../model/errors.ts';
import { type JsonObject, textAt } from '../../../model/json.ts';
import { ONE_AT_A_TIME_HINT } from '../../../model/superseded.ts';
import { findStatus } from '../errors.ts';
import type { RunService } from './service.ts';
import { progressOf } from './service-document.ts';
import { patchService, readService, type SentUpdate, type ServiceUpdate } from './service-wire.ts';

/**
 * The platform changes the etag too, when it has made progress. Mostly it is that, so the pause does not grow. A read may show
 * what was for seconds after our own last change: five tries were over before it showed that.
 */
const CONFLICTS: RetryPolicy = { tries: 30, firstDelayMs: 1_000, growth: 1, mayPass: isConflict };

/**
 * Reads the service, lets `decide` say what has to be sent, and sends it with the etag of what was read. If the service
 * has changed since, both are done again, so that another user's change is never overwritten. A request whose answer was
 * lost is not sent again here: the caller calls again, and an update that took effect is then seen and not repeated.
 * @throws what `decide` throws for a service that is not as it has to be; DeployError
 */
export async function changeService(
  run: RunService,
  decide: (service: JsonObject) => ServiceUpdate | null,
): Promise<SentUpdate> {
  const attempt = async (): Promise<SentUpdate> => {
    const service = await readService(run);
    const update = decide(service);
    if (update === null) return nothingSent(service);
    return await patchService(run, textAt(service, 'etag'), update);
  };
  try {
    return await retryTransient(attempt, CONFLICTS, { clock: run.io.clock, signal: run.signal });
  } catch (error) {
    throw explainRefusal(run, error);
  }
}

/** The service as it is was requested by an earlier update, whose operation is not known. */
export function nothingSent(service: JsonObject): SentUpdate {
  return { operation: '', generation: progressOf(service).generation };
}

/** Something else was changed since it was read, mostly by the platform itself. */
export function isConflict(error: unknown): boolean {
  return findStatus(error) === 'ABORTED';
}

function explainRefusal(run: RunService, error: unknown): unknown {
  if (!isConflict(error)) return error;
  return new DeployError('BUSY', `could not update ${run.resource}: another user or workflow keeps changing it`, {
    hint: ONE_AT_A_TIME_HINT,
    cause: error,
  });
}
