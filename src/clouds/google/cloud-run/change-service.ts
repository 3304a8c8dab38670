import { DeployError, isTransient } from '../../../model/errors.ts';
import { findStatus } from '../errors.ts';
import type { Json } from '../json.ts';
import type { RunService } from './service.ts';
import { progressOf } from './service-document.ts';
import { patchService, readService, type SentUpdate, type ServiceUpdate } from './service-wire.ts';

const TRIES = 5;
const PAUSE_MS = 1_000;

/**
 * Reads the service, lets `decide` say what has to be sent, and sends it with the etag of what was read. If the service
 * has changed meanwhile, or no answer came, both are done again: an update that took effect is then seen and not repeated,
 * and another user's change is never overwritten.
 * @throws what `decide` throws for a service that is not as it has to be; DeployError
 */
export async function changeService(
  run: RunService,
  decide: (service: Json) => ServiceUpdate | null,
): Promise<SentUpdate> {
  for (let tried = 1; ; tried += 1) {
    const service = await readService(run);
    const update = decide(service);
    if (update === null) return { operation: '', generation: progressOf(service).generation };
    try {
      return await patchService(run, String(service['etag'] ?? ''), update);
    } catch (error) {
      if (tried === TRIES || !isWorthRetrying(error)) throw explainRefusal(run, error);
      await run.io.clock.sleep(PAUSE_MS, run.io.signal);
    }
  }
}

/** The platform changes the etag too, when it has made progress: mostly it is that. */
export function isConflict(error: unknown): boolean {
  return findStatus(error) === 'ABORTED';
}

function isWorthRetrying(error: unknown): boolean {
  return isConflict(error) || isTransient(error);
}

function explainRefusal(run: RunService, error: unknown): unknown {
  if (!isConflict(error)) return error;
  return new DeployError('BUSY', `could not update ${run.resource}: another user or workflow keeps changing it`, {
    hint: 'Let one workflow at a time deploy to the service: use `concurrency`.',
    cause: error,
  });
}
