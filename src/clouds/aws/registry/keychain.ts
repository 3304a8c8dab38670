import type { CancellableIo } from '../../../io/io.ts';
import { DeployError } from '../../../model/errors.ts';
import type { Keychain, RegistryCredentials, RegistryTraits } from '../../../model/keychain.ts';
import { denialHint } from '../denied-by.ts';
import { PUBLIC_ECR, regionOfEcr } from '../ecr-host.ts';
import type { EcrToken } from './token.ts';

const RENEW_BEFORE_MS = 5 * 60_000;

/** https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-push-iam.html */
const traits: RegistryTraits = {
  permissions: {
    pull: 'ecr:BatchGetImage and ecr:GetDownloadUrlForLayer on the repository',
    // https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache-iam.html
    cache: 'ecr:BatchImportUpstreamImage, and ecr:CreateRepository where the repository is new',
    push: 'ecr:BatchCheckLayerAvailability, ecr:InitiateLayerUpload, ecr:UploadLayerPart, ecr:CompleteLayerUpload, ecr:PutImage and ecr:BatchGetImage on the repository',
  },
  denialHint,
  // Only with a repository creation template for CREATE_ON_PUSH.
  createsRepositories: false,
  // InvalidLayerException: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CompleteLayerUpload.html
  verifiesBlobs: true,
  tokenHosts: [],
};

/** Anyone may pull from it. https://docs.aws.amazon.com/AmazonECR/latest/public/public-repository-policies.html */
const publicTraits: RegistryTraits = {
  permissions: {
    pull: 'ecr-public:GetAuthorizationToken and sts:GetServiceBearerToken, for a higher rate',
    push: 'ecr-public:GetAuthorizationToken, sts:GetServiceBearerToken, ecr-public:BatchCheckLayerAvailability, ecr-public:InitiateLayerUpload, ecr-public:UploadLayerPart, ecr-public:CompleteLayerUpload and ecr-public:PutImage',
  },
  denialHint,
  createsRepositories: false,
  pushNeedsLogin: true,
  // https://docs.aws.amazon.com/AmazonECRPublic/latest/APIReference/API_CompleteLayerUpload.html
  verifiesBlobs: true,
  tokenHosts: [],
};

/** Credentials for every private ECR registry that the role may use, whose region comes from the host, and for the public one. */
export function ecrKeychain(context: CancellableIo): Keychain {
  // A token is good for all registries of a region, for twelve hours.
  const tokens = new Map<string, Promise<EcrToken>>();
  return {
    label: 'the job’s AWS identity',
    traits(registry) {
      if (registry === PUBLIC_ECR) return publicTraits;
      return regionOfEcr(registry) === null ? null : traits;
    },
    async resolve(registry) {
      if (registry === PUBLIC_ECR) return await logInToPublic();
      const region = regionOfEcr(registry);
      if (region === null) return null;
      return await find(region, async () => (await import('./token.ts')).getEcrToken(region, context));
    },
  };

  /** null: the job has no AWS identity, or one without the permission. It can pull all the same, as anyone can. */
  async function logInToPublic(): Promise<RegistryCredentials | null> {
    const { env, log } = context.io;
    if (!Object.keys(env).some((name) => name.startsWith('AWS_'))) return null;
    try {
      return await find(PUBLIC_ECR, async () => (await import('./public-token.ts')).getPublicEcrToken(context));
    } catch (error) {
      if (!(error instanceof DeployError) || !['AUTH_FAILED', 'PERMISSION_DENIED'].includes(error.code)) throw error;
      log.info(`${error.message}; going on without a login, as anyone may pull from ${PUBLIC_ECR}, at a lower rate.`);
      return null;
    }
  }

  async function find(key: string, get: () => Promise<EcrToken>) {
    const known = await tokens.get(key);
    if (known && context.io.clock.now() < known.expiresAt - RENEW_BEFORE_MS) return known.credentials;
    const token = get();
    tokens.set(key, token);
    // The next request tries again; the rejection itself reaches the caller of this one.
    token.catch(() => tokens.delete(key));
    return (await token).credentials;
  }
}
