import type { Io } from '../io/io.ts';
import { DeployError, describeError } from '../model/errors.ts';
import type { SmokeTest } from '../model/smoke-test.ts';
import type { Endpoint, Workload } from '../model/workload.ts';

export interface WantedEndpoint {
  /** What the user says; null: what the platform tells. */
  readonly url: string | null;
  readonly smokeTests: readonly SmokeTest[];
}

/**
 * Where the live service answers.
 * @throws DeployError INPUT_INVALID when smoke tests need an address and none is known: before anything is touched.
 */
export async function findEndpoint(wanted: WantedEndpoint, workload: Workload, io: Io): Promise<Endpoint | null> {
  const found = await readEndpoint(wanted, workload);
  const needy = wanted.smokeTests.find((test) => test.kind === 'http' && test.location.startsWith('/'));
  if (!found && needy) {
    const message = `could not tell where to send "${needy.name}": no address of the service is known`;
    throw new DeployError('INPUT_INVALID', message, {
      hint: 'Set `url` to the base URL under which the service is live.',
    });
  }
  io.log.info(found ? `live at ${found.url}` : 'no live address is known; `url` is not set');
  return found;
}

/** For the way back, which goes on without an address: null where none can be found now. */
export async function tryFindEndpoint(wanted: WantedEndpoint, workload: Workload, io: Io): Promise<Endpoint | null> {
  try {
    return await readEndpoint(wanted, workload);
  } catch (error) {
    io.log.info(`${describeError(error).message}. The way back goes on; smoke tests can't prove it.`);
    return null;
  }
}

async function readEndpoint({ url }: WantedEndpoint, workload: Workload): Promise<Endpoint | null> {
  return await workload.endpoint(url);
}
