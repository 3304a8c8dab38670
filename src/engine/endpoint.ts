import type { Io } from '../io/io.ts';
import type { Endpoint } from '../model/endpoint.ts';
import { DeployError, describeError } from '../model/errors.ts';
import { joinSentences } from '../model/sentences.ts';
import { isBelowBaseUrl, type SmokeTest } from '../model/smoke-test.ts';
import type { Workload } from '../model/workload.ts';

export interface EndpointRequest {
  /** What the user says; null: what the platform tells. */
  readonly url: string | null;
  readonly smokeTests: readonly SmokeTest[];
}

/**
 * Where the live service answers; null: nowhere, or not before it exists.
 * @throws DeployError INPUT_INVALID when smoke tests need an address and none is known: before anything is touched.
 */
export async function findEndpoint(
  { url, smokeTests }: EndpointRequest,
  workload: Workload,
  io: Io,
): Promise<Endpoint | null> {
  const found = await workload.endpoint(url);
  if (!found && workload.isNew) {
    io.log.info('the address of the service is known when it is there');
    return null;
  }
  const needy = smokeTests.find((test) => !test.inside && isBelowBaseUrl(test));
  if (!found && needy) {
    const message = `could not tell where to send "${needy.name}": no address of the service is known`;
    throw new DeployError('INPUT_INVALID', message, {
      hint: 'Set `url` to the base URL under which the service is live.',
    });
  }
  io.log.info(found ? `live at ${found.url}` : 'no live address is known; `url` is not set');
  return found;
}

/** For a rollback, which goes on without an address: null where none can be found now. */
export async function tryFindEndpoint(url: string | null, workload: Workload, io: Io): Promise<Endpoint | null> {
  try {
    return await workload.endpoint(url);
  } catch (error) {
    const next = 'The rollback continues; smoke tests cannot verify it';
    io.log.info(joinSentences(describeError(error).message, next));
    return null;
  }
}
