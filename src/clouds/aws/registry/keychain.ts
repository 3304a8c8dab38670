import type { CancellableIo } from '../../../io/io.ts';
import type { Keychain, RegistryTraits } from '../../../model/keychain.ts';
import type { EcrToken } from './token.ts';

/** A private registry of one account and region; `.cn` in the China partition. */
const ECR_HOST = /^\d{12}\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$/;
const RENEW_BEFORE_MS = 5 * 60_000;

/** https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-push-iam.html */
const traits: RegistryTraits = {
  permissions: {
    pull: 'ecr:BatchGetImage and ecr:GetDownloadUrlForLayer on the repository',
    push: 'ecr:BatchCheckLayerAvailability, ecr:InitiateLayerUpload, ecr:UploadLayerPart, ecr:CompleteLayerUpload, ecr:PutImage and ecr:BatchGetImage on the repository',
  },
  // Only with a repository creation template for CREATE_ON_PUSH.
  createsRepositories: false,
  tokenHosts: [],
};

/** null: the host is no private ECR registry. */
export function regionOfEcr(host: string): string | null {
  return ECR_HOST.exec(host)?.[1] ?? null;
}

/** Credentials for every private ECR registry that the role may use: the region comes from the host. */
export function ecrKeychain(context: CancellableIo): Keychain {
  // A token is good for all registries of a region, for twelve hours.
  const tokens = new Map<string, Promise<EcrToken>>();
  return {
    label: 'the job’s AWS identity',
    traits: (registry) => (regionOfEcr(registry) === null ? null : traits),
    async resolve(registry) {
      const region = regionOfEcr(registry);
      if (region === null) return null;
      const known = await tokens.get(region);
      if (known && context.io.clock.now() < known.expiresAt - RENEW_BEFORE_MS) return known.credentials;
      return (await renew(region)).credentials;
    },
  };

  function renew(region: string): Promise<EcrToken> {
    const token = import('./token.ts').then(({ getEcrToken }) => getEcrToken(region, context));
    tokens.set(region, token);
    // The next request tries again; the rejection itself reaches the caller of this one.
    token.catch(() => tokens.delete(region));
    return token;
  }
}
