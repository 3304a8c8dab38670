import type { JsonObject } from '../json.ts';

interface EcrOptions {
  readonly account: string;
  readonly region: string;
}

const VALID_FOR_MS = 12 * 3_600_000;

/** ECR's API, as far as logging in needs it. The registry itself is another simulator. */
export class Ecr {
  readonly #options: EcrOptions;
  readonly #passwords = new Map<string, number>();

  constructor(options: EcrOptions) {
    this.#options = options;
  }

  /** https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetAuthorizationToken.html */
  getAuthorizationToken(now: number): JsonObject {
    const { account, region } = this.#options;
    return {
      authorizationData: [
        {
          authorizationToken: Buffer.from(`AWS:${this.issuePassword(now)}`).toString('base64'),
          expiresAt: (now + VALID_FOR_MS) / 1_000,
          proxyEndpoint: `https://${account}.dkr.ecr.${region}.amazonaws.com`,
        },
      ],
    };
  }

  /** https://docs.aws.amazon.com/AmazonECRPublic/latest/APIReference/API_GetAuthorizationToken.html */
  getPublicAuthorizationToken(now: number): JsonObject {
    const authorizationToken = Buffer.from(`AWS:${this.issuePassword(now)}`).toString('base64');
    return { authorizationData: { authorizationToken, expiresAt: (now + VALID_FOR_MS) / 1_000 } };
  }

  issuePassword(now: number): string {
    const password = Buffer.from(JSON.stringify({ version: '2', type: 'DATA_KEY', n: this.#passwords.size })).toString(
      'base64',
    );
    this.#passwords.set(password, now + VALID_FOR_MS);
    return password;
  }

  acceptsPassword(password: string, now: number): boolean {
    return (this.#passwords.get(password) ?? 0) > now;
  }
}
