import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import type { CancellableIo } from '../../io/io.ts';
import { DeployError } from '../../model/errors.ts';
import { clientSettings } from './client-settings.ts';
import { readAws } from './read-aws.ts';

/** @throws DeployError INPUT_INVALID when the credentials are of another account. */
export async function ensureExpectedAccount(
  { expected, region }: { readonly expected: string; readonly region: string },
  { io, signal }: CancellableIo,
): Promise<void> {
  const call = { what: 'find out which AWS account this is', action: 'sts:GetCallerIdentity', holds: ['Account'] };
  const client = new STSClient(clientSettings(region, io));
  const { Account: found = 'no account' } = await readAws({ io, signal }, call, (options) =>
    client.send(new GetCallerIdentityCommand({}), options),
  );
  if (found === expected) return;
  throw new DeployError('INPUT_INVALID', `could not start in account ${expected}: the credentials are of ${found}`, {
    hint: 'Correct `role-to-assume` of aws-actions/configure-aws-credentials, or the input `expected-account`.',
  });
}
