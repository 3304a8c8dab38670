import { type RetryPolicy, retryTransient } from '../../io/retry-transient.ts';
import { DeployError } from '../../model/errors.ts';
import type { JsonObject } from '../../model/json.ts';
import { ONE_AT_A_TIME_HINT } from '../../model/superseded.ts';
import { isChangedMeanwhile, patchObject } from './change-object.ts';
import { type ClusterWorkload, readObject } from './cluster-workload.ts';
import type { PatchOperation } from './json-patch.ts';

/** Controllers write the status of an object that is being rolled out some times a second. */
const CONFLICTS: RetryPolicy = { tries: 8, firstDelayMs: 200, growth: 1.5, mayPass: isChangedMeanwhile };

/**
 * Reads the object, lets `decide` say what has to be sent, and sends it. If the object has changed since, both are done again,
 * so that another user's change is never overwritten. A request whose answer was lost is not sent again here: the caller calls
 * again, and an update that took effect is then seen and not repeated.
 * @returns the object as it was answered, or as it was read where nothing had to be sent
 * @throws what `decide` throws; DeployError
 */
export async function updateObject(
  run: ClusterWorkload,
  decide: (object: JsonObject) => Promise<readonly PatchOperation[]> | readonly PatchOperation[],
): Promise<JsonObject> {
  const attempt = async (): Promise<JsonObject> => {
    const object = await readObject(run);
    const operations = await decide(object);
    if (operations.length === 0) return object;
    return (await patchObject(run, operations)).object;
  };
  try {
    return await retryTransient(attempt, CONFLICTS, { clock: run.io.clock, signal: run.signal });
  } catch (error) {
    if (!isChangedMeanwhile(error)) throw error;
    throw new DeployError('BUSY', `could not update ${run.resource}: another user or workflow keeps changing it`, {
      hint: ONE_AT_A_TIME_HINT,
      cause: error,
    });
  }
}
