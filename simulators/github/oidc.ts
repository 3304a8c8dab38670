import { createHmac } from 'node:crypto';
import type { SimulatedHost, SimulatedRequest, SimulatedResponse, TimeSource } from '../edge/host.ts';

/** What a job's token says, as far as clouds look at it. */
export interface OidcClaims {
  readonly iss: string;
  readonly sub: string;
  readonly aud: string;
  /** Seconds since 1970. */
  readonly iat: number;
  readonly nbf: number;
  readonly exp: number;
  readonly [name: string]: string | number;
}

export interface GitHubOidcOptions {
  readonly clock: TimeSource;
  /** `repo:acme/agent:environment:production`, or with ids: `repo:acme@1/agent@2:environment:production`. */
  readonly subject?: string;
  /** Default 5 minutes, as GitHub's. */
  readonly lifetimeMs?: number;
}

export const ISSUER = 'https://token.actions.githubusercontent.com';
const HOST = 'pipelinesghubeus2.actions.githubusercontent.com';
const PATH =
  '/w8Kjf1Nq2m/00000000-0000-0000-0000-000000000000/_apis/distributedtask/hubs/Actions/plans/p/jobs/j/idtoken';
const REQUEST_TOKEN = 'simulated-oidc-request-token';
const KEY = 'the key of a simulated issuer';

/**
 * Where a job with `permissions: id-token: write` gets its tokens:
 * https://docs.github.com/actions/reference/security/oidc
 */
export class GitHubOidc implements SimulatedHost {
  subject: string;
  readonly #clock: TimeSource;
  readonly #lifetimeMs: number;
  #issued = 0;

  constructor({ clock, subject = 'repo:acme/agent:ref:refs/heads/main', lifetimeMs = 300_000 }: GitHubOidcOptions) {
    this.#clock = clock;
    this.#lifetimeMs = lifetimeMs;
    this.subject = subject;
  }

  /** What a job gets in its environment. */
  get env(): Readonly<Record<string, string>> {
    return {
      ACTIONS_ID_TOKEN_REQUEST_URL: `https://${HOST}${PATH}?api-version=2.0`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: REQUEST_TOKEN,
    };
  }

  serves(hostname: string): boolean {
    return hostname.toLowerCase() === HOST;
  }

  nameCall(): { readonly operation: string; readonly mutates: boolean } {
    return { operation: 'github:IdToken', mutates: false };
  }

  handle({ method, url, headers }: SimulatedRequest): SimulatedResponse {
    if (method !== 'GET' || url.pathname !== PATH) return answer(404, { message: 'Not Found' });
    if (headers['authorization'] !== `Bearer ${REQUEST_TOKEN}`) return answer(401, { message: 'Unauthorized' });
    const value = this.issue(url.searchParams.get('audience') ?? 'https://github.com/acme');
    return answer(200, { count: value.length, value });
  }

  issue(audience: string): string {
    const now = Math.floor(this.#clock.now() / 1_000);
    this.#issued += 1;
    const claims: OidcClaims = {
      jti: `simulated-${this.#issued}`,
      iss: ISSUER,
      sub: this.subject,
      aud: audience,
      repository: 'acme/agent',
      repository_owner: 'acme',
      workflow: 'Deploy',
      iat: now,
      nbf: now - 300,
      exp: now + this.#lifetimeMs / 1_000,
    };
    const signed = `${encode({ typ: 'JWT', alg: 'RS256', kid: 'simulated' })}.${encode(claims)}`;
    return `${signed}.${sign(signed)}`;
  }

  /** What a token says; null: this issuer did not sign it. Whether it is still good is for the reader to see. */
  read(token: string): OidcClaims | null {
    const end = token.lastIndexOf('.');
    if (sign(token.slice(0, end)) !== token.slice(end + 1)) return null;
    const claims = token.split('.')[1] ?? '';
    return JSON.parse(Buffer.from(claims, 'base64url').toString()) as OidcClaims;
  }
}

function answer(status: number, document: unknown): SimulatedResponse {
  return { status, headers: { 'content-type': 'application/json; charset=utf-8' }, body: JSON.stringify(document) };
}

function encode(part: unknown): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}

function sign(text: string): string {
  return createHmac('sha256', KEY).update(text).digest('base64url');
}
