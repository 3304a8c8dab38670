import type { Keychain, RegistryTraits } from '../../../model/keychain.ts';
import type { CloudRegistry } from '../../target.ts';
import { LOGIN_INPUTS, readLogin, shareCredentials } from '../login.ts';

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
  // The regional hosts of Container Registry too.
  tokenHosts: ['gcr.io'],
};

/** Google Artifact Registry, with the credentials that the job has for Google; without any, the login of docker is tried. */
export const artifactRegistry: CloudRegistry = {
  inputs: LOGIN_INPUTS,
  handles: isArtifactRegistry,
  parse(reader) {
    const login = readLogin(reader);
    return (context) => {
      const keychain: Keychain = {
        label: 'the job’s Google Cloud identity',
        traits: (registry) => (isArtifactRegistry(registry) ? traits : null),
        async resolve(registry) {
          if (!isArtifactRegistry(registry)) return null;
          const credentials = await shareCredentials(login, context);
          if (!credentials) return null;
          const { logIn } = await import('./log-in.ts');
          return await logIn(registry, credentials, context.io);
        },
      };
      return { keychain };
    };
  },
};

function isArtifactRegistry(host: string): boolean {
  return HOST.test(host);
}
