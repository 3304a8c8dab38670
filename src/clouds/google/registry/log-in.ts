import type { Io } from '../../../io/io.ts';
import { DeployError } from '../../../model/errors.ts';
import type { RegistryCredentials } from '../../../model/keychain.ts';
import type { GoogleCredentials } from '../credentials.ts';
import { explainErrors } from '../errors.ts';

/** Logs in with an access token. One of a federated identity lives for five minutes: the client renews it when it is due. */
export async function logIn(registry: string, { client }: GoogleCredentials, io: Io): Promise<RegistryCredentials> {
  const call = { what: `log in to ${registry}`, permission: 'artifactregistry.repositories.downloadArtifacts' };
  const { token } = await explainErrors(call, () => client.getAccessToken());
  if (!token)
    throw new DeployError('AUTH_FAILED', `could not log in to ${registry}: the answer holds no token`, {
      hint: 'Run google-github-actions/auth right before this step.',
    });
  io.log.mask(token);
  return { username: 'oauth2accesstoken', password: token };
}
