import type { TimeSource } from '../edge/host.ts';
import { SimulatedRegistry } from '../registry/registry.ts';
import type { GoogleCloud } from './google-cloud.ts';

export interface ArtifactRegistryOptions {
  readonly clock: TimeSource;
  readonly cloud: GoogleCloud;
  /** That exist already: the second part of an image's name. Default `agents`. */
  readonly repositories?: readonly string[];
  readonly immutableTags?: boolean;
}

/** Measured by others: https://github.com/actions/attest-build-provenance/issues/606 */
const HEADER_BYTES = 21_000;

/** `europe-west1-docker.pkg.dev`: https://cloud.google.com/artifact-registry/docs/reference/docker-api */
export function openArtifactRegistry(options: ArtifactRegistryOptions): SimulatedRegistry {
  const { clock, cloud, repositories = ['agents'], immutableTags = false } = options;
  const known = repositories.map((repository) => `${cloud.project}/${repository}/`);
  return new SimulatedRegistry({
    hostnames: [`${cloud.region}-docker.pkg.dev`],
    clock,
    auth: {
      kind: 'bearer',
      users: {},
      user: 'oauth2accesstoken',
      accepts: (token) => cloud.acceptsToken(token),
      refusal: (grant) => refusalOf(cloud, grant),
      anonymousPull: false,
      tokenPath: '/v2/token',
      tokenName: 'artifact-registry-token',
      tokenLifetimeMs: 3_600_000,
    },
    // A push makes the image, but never the repository that it is in.
    createOnPush: true,
    refuseName: (name) =>
      known.some((start) => name.startsWith(start)) ? null : `Repository "${name.split('/')[1]}" not found`,
    immutableTags,
    chunkedUploads: false,
    uploadStateBytes: HEADER_BYTES,
    mount: 'allow',
    // https://github.com/actions/attest-build-provenance/issues/80
    referrers: 'fallback',
  });
}

/** https://cloud.google.com/artifact-registry/docs/access-control#permissions */
function refusalOf(cloud: GoogleCloud, grant: string): string | null {
  const [name = '', action = ''] = grant.split(':');
  const verb = action === 'push' ? 'uploadArtifacts' : 'downloadArtifacts';
  const permission = `artifactregistry.repositories.${verb}`;
  if (cloud.may(permission)) return null;
  const resource = `projects/${cloud.project}/locations/${cloud.region}/repositories/${name.split('/')[1]}`;
  return `Permission "${permission}" denied on resource "${resource}" (or it may not exist)`;
}
