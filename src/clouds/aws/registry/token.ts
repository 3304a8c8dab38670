import { ECRClient, GetAuthorizationTokenCommand } from '@aws-sdk/client-ecr';
import type { CancellableIo, Io } from '../../../io/io.ts';
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
  const what = `log in to ECR in ${region}`;
  const call = { what, action: 'ecr:GetAuthorizationToken', holds: ['authorizationData'] };
  const client = new ECRClient(clientSettings(region, io));
  const answer = await readAws({ io, signal }, call, (options) =>
    client.send(new GetAuthorizationTokenCommand({}), options),
  );
  return toToken(answer.authorizationData?.[0], { what, io });
}

interface Authorization {
  readonly authorizationToken?: string | undefined;
  readonly expiresAt?: Date | undefined;
}

/** @throws DeployError AUTH_FAILED where no token came; `what` completes "could not …" */
export function toToken(
  data: Authorization | undefined,
  { what, io }: { readonly what: string; readonly io: Io },
): EcrToken {
  const [username, password] = Buffer.from(data?.authorizationToken ?? '', 'base64')
    .toString('utf8')
    .split(':');
  if (!username || !password)
    throw new DeployError('AUTH_FAILED', `could not ${what}: no token came`, {
      hint: 'Run again; if it stays, check what answers for ECR between here and AWS (proxy, VPC endpoint).',
    });
  io.log.mask(password);
  io.log.mask(data?.authorizationToken ?? '');
  return { credentials: { username, password }, expiresAt: data?.expiresAt?.getTime() ?? io.clock.now() };
}
