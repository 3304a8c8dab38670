import { DeployError } from '../../model/errors.ts';
import { permissionHint } from './google-errors.ts';
import { type Json, textOf } from './json.ts';
import type { RunService } from './run-service.ts';
import { templateOf } from './service-document.ts';
import { request } from './service-wire.ts';
import { testPermissions } from './typed-calls.ts';

// Those of a service itself: others (run.revisions.get, run.operations.get) can't be asked for there. The role that has
// these has those too.
const NEEDED = ['run.services.get', 'run.services.update'];
const ACT_AS = 'iam.serviceAccounts.actAs';

/**
 * Names everything that is missing at once, before anything is touched. What can't be asked (a role that may read the
 * image's repository, say) shows when it is used.
 * @throws DeployError PERMISSION_DENIED
 */
export async function ensurePermitted(run: RunService, service: Json): Promise<void> {
  const missing = [...(await findMissing(run)), ...(await findMissingActAs(run, templateOf(service)))];
  if (missing.length === 0) return;
  const are = missing.length === 1 ? 'is' : 'are';
  throw new DeployError(
    'PERMISSION_DENIED',
    `could not deploy to ${run.resource}: ${missing.join(', ')} ${are} missing`,
    {
      hint: [...new Set(missing.map(permissionHint))].join(' '),
    },
  );
}

async function findMissing(run: RunService): Promise<readonly string[]> {
  const granted = await tryAsk(run, () => testPermissions(run, NEEDED));
  return granted === null ? [] : NEEDED.filter((permission) => !granted.includes(permission));
}

/** Whoever makes a revision needs it on the account that the revision runs as. */
async function findMissingActAs(run: RunService, template: Json): Promise<readonly string[]> {
  const account = textOf(template, 'serviceAccount');
  if (!account.includes('@')) return [];
  const granted = await tryAsk(run, async () => {
    const url = `https://iam.googleapis.com/v1/projects/-/serviceAccounts/${account}:testIamPermissions`;
    const call = { what: `ask for permissions on ${account}`, permission: ACT_AS, signal: run.io.signal };
    const { permissions = [] } = await request(run, call, { method: 'POST', url, data: { permissions: [ACT_AS] } });
    return permissions as readonly string[];
  });
  return granted === null || granted.includes(ACT_AS) ? [] : [ACT_AS];
}

/** null: it can't be asked here (the API is not enabled, say), which is no reason to refuse. */
async function tryAsk(run: RunService, ask: () => Promise<readonly string[]>): Promise<readonly string[] | null> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof DeployError) || ['AUTH_FAILED', 'CANCELLED'].includes(error.code)) throw error;
    run.io.log.debug(`${error.message}; going on without asking`);
    return null;
  }
}
