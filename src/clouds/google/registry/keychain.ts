import type { Io } from '../../../io/io.ts';
import { DeployError } from '../../../model/errors.ts';
import type { Keychain, RegistryTraits } from '../../../model/keychain.ts';
import type { GoogleCredentials } from '../credentials.ts';
import { explainErrors } from '../errors.ts';

/** Artifact Registry, and the hosts of Container Registry that it answers for now. */
const HOST = /^(?:[a-z0-9-]+\.pkg\.dev|(?:[a-z]+\.)?gcr\.io)$/;

/** https://cloud.google.com/artifact-registry/docs/access-control */
const traits: RegistryTraits = {
  permissions: {
    pull: 'roles/artifactregistry.reader on the repository',
    push: 'roles/artifactregistry.writer on the repository',
  },
  // https://cloud.google.com/artifact-registry/docs/docker/troubleshoot
  createsRepositories: false,
};

/** Logs in with an access token. One of a federated identity lives for five minutes: the client renews it when it is due. */
export function artifactRegistryKeychain({ client }: GoogleCredentials, io: Io): Keychain {
  return {
    traits: (registry) => (HOST.test(registry) ? traits : null),
    async resolve(registry) {
      if (!HOST.test(registry)) return null;
      const call = { what: `log in to ${registry}`, permission: 'artifactregistry.repositories.downloadArtifacts' };
      const { token } = await explainErrors(call, () => client.getAccessToken());
      if (!token)
        throw new DeployError('AUTH_FAILED', `could not log in to ${registry}: no token came`, {
          hint: 'Run google-github-actions/auth right before this step.',
        });
      io.log.mask(token);
      return { username: 'oauth2accesstoken', password: token };
    },
  };
}
