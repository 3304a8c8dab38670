import { GetAuthorizationTokenCommand } from '@aws-sdk/client-ecr';
import type { Io } from '../../io/io.ts';
import { DeployError } from '../../model/errors.ts';
import type { Keychain, RegistryCredentials, RegistryTraits } from '../../model/keychain.ts';
import { explainErrors } from './aws-errors.ts';
import { openEcr } from './clients.ts';

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
};

/** Credentials for every private ECR registry that the role may use: the region comes from the host. */
export function ecrKeychain(io: Io): Keychain {
  // A token is good for all registries of a region, for twelve hours.
  const tokens = new Map<string, Promise<Token>>();
  return {
    traits: (registry) => (ECR_HOST.test(registry) ? traits : null),
    async resolve(registry) {
      const region = ECR_HOST.exec(registry)?.[1];
      if (!region) return null;
      const known = await tokens.get(region);
      if (known && io.clock.now() < known.expiresAt - RENEW_BEFORE_MS) return known.credentials;
      return (await renew(region)).credentials;
    },
  };

  function renew(region: string): Promise<Token> {
    const token = getToken(region, io);
    tokens.set(region, token);
    // Whoever asks next tries again; the rejection itself reaches who asked now.
    token.catch(() => tokens.delete(region));
    return token;
  }
}

interface Token {
  readonly credentials: RegistryCredentials;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

async function getToken(region: string, io: Io): Promise<Token> {
  const { signal } = io;
  const call = { what: `log in to ECR in ${region}`, action: 'ecr:GetAuthorizationToken', signal };
  const answer = await explainErrors(call, () =>
    openEcr(region, io).send(new GetAuthorizationTokenCommand({}), { abortSignal: signal }),
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
