import { ECRClient, GetAuthorizationTokenCommand } from '@aws-sdk/client-ecr';
import type { CancellableIo } from '../../../io/io.ts';
import { DeployError } from '../../../model/errors.ts';
import type { RegistryCredentials } from '../../../model/keychain.ts';
import { clientSettings } from '../client-settings.ts';
import { readAws } from '../read-aws.ts';

export interface EcrToken {
  readonly credentials: RegistryCredentials;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/** For all registries of a region. @throws DeployError AUTH_FAILED, PERMISSION_DENIED, NETWORK, … */
export async function getEcrToken(region: string, { io, signal }: CancellableIo): Promise<EcrToken> {
  const action = 'ecr:GetAuthorizationToken';
  const call = { what: `log in to ECR in ${region}`, action, holds: ['authorizationData'] };
  const client = new ECRClient(clientSettings(region, io));
  const answer = await readAws({ io, signal }, call, (options) =>
    client.send(new GetAuthorizationTokenCommand({}), options),
  );
  const [data] = answer.authorizationData ?? [];
  const [username, password] = Buffer.from(data?.authorizationToken ?? '', 'base64')
    .toString('utf8')
    .split(':');
  if (!username || !password)
    throw new DeployError('AUTH_FAILED', `could not log in to ECR in ${region}: no token came`, {
      hint: 'Run again; if it stays, check what answers for ECR between here and AWS (proxy, VPC endpoint).',
    });
  io.log.mask(password);
  io.log.mask(data?.authorizationToken ?? '');
  return { credentials: { username, password }, expiresAt: data?.expiresAt?.getTime() ?? io.clock.now() };
}
