import { GetCallerIdentityCommand, type GetCallerIdentityResponse, STSClient } from '@aws-sdk/client-sts';
import type { CancellableIo } from '../../io/io.ts';
import { clientSettings } from './client-settings.ts';
import { readAws } from './read-aws.ts';

/** Whose credentials these are. It needs no permission: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html */
export async function readCaller(region: string, { io, signal }: CancellableIo): Promise<GetCallerIdentityResponse> {
  const call = { what: 'find out which AWS account this is', action: 'sts:GetCallerIdentity', holds: ['Account'] };
  const client = new STSClient(clientSettings(region, io));
  return await readAws({ io, signal }, call, (options) => client.send(new GetCallerIdentityCommand({}), options));
}
