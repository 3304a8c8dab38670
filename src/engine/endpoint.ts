import type { Io } from '../io/io.ts';
import { DeployError } from '../model/errors.ts';
import type { SmokeTest } from '../model/smoke-test.ts';
import type { Endpoint, Workload } from '../model/workload.ts';

/**
 * Where the live service answers: what the user says, else what the platform tells.
 * @throws DeployError INPUT_INVALID when smoke tests need an address and none is known: before anything is touched.
 */
export async function findEndpoint(
  wanted: { readonly url: string | null; readonly smokeTests: readonly SmokeTest[] },
  workload: Workload,
  io: Io,
): Promise<Endpoint | null> {
  const found = wanted.url === null ? await workload.endpoint('live') : { url: wanted.url, headers: {} };
  const needy = wanted.smokeTests.find((test) => test.kind === 'http' && test.location.startsWith('/'));
  if (!found && needy) {
    throw new DeployError(
      'INPUT_INVALID',
      `could not tell where to send "${needy.name}": no address of the service is known`,
      {
        hint: 'Set `url` to the base URL under which the service is live.',
      },
    );
  }
  io.log.info(found ? `live at ${found.url}` : 'no live address is known; `url` is not set');
  return found;
}
