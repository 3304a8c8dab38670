import { ECRPUBLICClient, GetAuthorizationTokenCommand } from '@aws-sdk/client-ecr-public';
import type { CancellableIo } from '../../../io/io.ts';
import { clientSettings } from '../client-settings.ts';
import { readAws } from '../read-aws.ts';
import { type EcrToken, toToken } from './token.ts';

/** Its API is in one region: https://docs.aws.amazon.com/general/latest/gr/ecr-public.html */
const PUBLIC_REGION = 'us-east-1';

/** For public.ecr.aws. @throws DeployError AUTH_FAILED, PERMISSION_DENIED, NETWORK, … */
export async function getPublicEcrToken({ io, signal }: CancellableIo): Promise<EcrToken> {
  const what = 'log in to the public ECR registry';
  const action = 'ecr-public:GetAuthorizationToken (and sts:GetServiceBearerToken)';
  const client = new ECRPUBLICClient(clientSettings(PUBLIC_REGION, io));
  const answer = await readAws({ io, signal }, { what, action, holds: ['authorizationData'] }, (options) =>
    client.send(new GetAuthorizationTokenCommand({}), options),
  );
  return toToken(answer.authorizationData, { what, io });
}
