import { readOptional } from '../../../io/read-optional.ts';
import { DeployError } from '../../../model/errors.ts';
import { permissionHint } from '../errors.ts';
import type { RunService } from './service.ts';
import { testPermissions } from './typed-calls.ts';

// Those of a service itself: others (run.revisions.get, run.operations.get) can't be tested there, and the role that
// has these has those. Acting as the runtime account and reading the image are checked by the dry run of the update.
const NEEDED = ['run.services.get', 'run.services.update'];
/** Tested once in a run. */
const PERMITTED = 'permitted';

/** Names what is missing at once, before anything is touched. @throws DeployError PERMISSION_DENIED */
export async function ensurePermitted(run: RunService): Promise<void> {
  if (run.said.has(PERMITTED)) return;
  const missing = await findMissing(run);
  if (missing.length === 0) return void run.said.add(PERMITTED);
  const are = missing.length === 1 ? 'is' : 'are';
  throw new DeployError(
    'PERMISSION_DENIED',
    `could not deploy to ${run.resource}: ${missing.join(', ')} ${are} missing`,
    { hint: [...new Set(missing.map(permissionHint))].join(' ') },
  );
}

/** None where they can't be tested: then a missing one shows when it is used. */
async function findMissing(run: RunService): Promise<readonly string[]> {
  const tell = ({ message }: DeployError): void => run.io.log.debug(`${message}; going on without this check`);
  const granted = await readOptional(() => testPermissions(run, NEEDED), {
    without: ['DEPLOY_REJECTED', 'NETWORK'],
    tell,
  });
  return granted === null ? [] : NEEDED.filter((permission) => !granted.includes(permission));
}
