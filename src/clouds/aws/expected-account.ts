import type { CancellableIo } from '../../io/io.ts';
import { DeployError } from '../../model/errors.ts';
import { readCaller } from './caller.ts';

/** @throws DeployError INPUT_INVALID when the credentials are of another account. */
export async function ensureExpectedAccount(
  { expected, region }: { readonly expected: string; readonly region: string },
  context: CancellableIo,
): Promise<void> {
  const { Account: found = 'no account' } = await readCaller(region, context);
  if (found === expected) return;
  throw new DeployError('INPUT_INVALID', `could not start in account ${expected}: the credentials are of ${found}`, {
    hint: 'Correct `role-to-assume` of aws-actions/configure-aws-credentials, or the input `expected-account`.',
  });
}
