import type { SimulatedHost, SimulatedRequest, SimulatedResponse, TimeSource } from '../edge/host.ts';
import type { JsonObject } from '../json.ts';
import { openIssuer } from '../signed-token.ts';
import { MAIN_JOB, subjectOf, type WorkflowIdentity } from './workflow-identity.ts';

/** What a job's token says, as far as clouds look at it. */
export interface OidcClaims extends JsonObject {
  readonly iss: string;
  readonly sub: string;
  readonly aud: string;
  /** Seconds since 1970. */
  readonly iat: number;
  readonly nbf: number;
  readonly exp: number;
}

/** How a cloud reads a token that it is shown; null: no trusted issuer signed it. */
export type ReadAssertion = (token: string) => OidcClaims | null;

export const GITHUB_ISSUER = 'https://token.actions.githubusercontent.com';
const ISSUER_HOST = new URL(GITHUB_ISSUER).hostname;
const TOKEN_HOST = 'run-actions-1-azure-eastus.actions.githubusercontent.com';
const TOKEN_PATH = '/98//idtoken/simulated';
const REQUEST_TOKEN = 'simulated-oidc-request-token';

/** How long GitHub's token for a job step is good: https://github.com/actions/toolkit/issues/2048 */
const LIFETIME_S = 300;
/** As in the example of the documentation. */
const BACKDATED_S = 600;

/**
 * Where a job with `permissions: id-token: write` gets its tokens, and the keys to check them with:
 * https://docs.github.com/actions/reference/security/oidc
 */
export class GitHubOidc implements SimulatedHost {
  readonly #clock: TimeSource;
  readonly #issuer = openIssuer('simulated-github');
  #workflow: WorkflowIdentity;
  #issued = 0;

  constructor(clock: TimeSource, workflow: Partial<WorkflowIdentity> = {}) {
    this.#clock = clock;
    this.#workflow = { ...MAIN_JOB, ...workflow };
  }

  /** What a job gets in its environment, whichever clouds it logs in to. */
  get env(): Readonly<Record<string, string>> {
    return {
      ACTIONS_ID_TOKEN_REQUEST_URL: `https://${TOKEN_HOST}${TOKEN_PATH}?api-version=2.0`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: REQUEST_TOKEN,
    };
  }

  get subject(): string {
    return subjectOf(this.#workflow);
  }

  /** Another job asks from now on. */
  setWorkflow(changes: Partial<WorkflowIdentity>): void {
    this.#workflow = { ...this.#workflow, ...changes };
  }

  serves(hostname: string): boolean {
    return [TOKEN_HOST, ISSUER_HOST].includes(hostname.toLowerCase());
  }

  nameCall({ url }: SimulatedRequest): { readonly operation: string; readonly mutates: boolean } {
    return { operation: url.hostname === TOKEN_HOST ? 'github:GetIdToken' : 'github:GetKeys', mutates: false };
  }

  handle(request: SimulatedRequest): SimulatedResponse {
    return request.url.hostname === TOKEN_HOST ? this.#giveToken(request) : this.#showKeys(request);
  }

  issue(audience: string): string {
    const { repository, ref, environment, ...ids } = this.#workflow;
    const now = Math.floor(this.#clock.now() / 1_000);
    this.#issued += 1;
    const claims: OidcClaims = {
      jti: `simulated-${this.#issued}`,
      iss: GITHUB_ISSUER,
      sub: this.subject,
      aud: audience,
      iat: now,
      nbf: now - BACKDATED_S,
      exp: now + LIFETIME_S,
      repository,
      repository_owner: ownerOf(repository),
      repository_id: ids.repositoryId,
      repository_owner_id: ids.ownerId,
      ref,
      workflow: 'Deploy',
      ...(environment === '' ? {} : { environment }),
    };
    return this.#issuer.issue(claims);
  }

  /** What a token says; null: this issuer did not sign it. Whether it is still good is for the reader to see. */
  read(token: string): OidcClaims | null {
    // Whatever carries its signature was made by `issue`.
    return this.#issuer.read(token) as OidcClaims | null;
  }

  #giveToken({ method, url, headers }: SimulatedRequest): SimulatedResponse {
    if (method !== 'GET' || url.pathname !== TOKEN_PATH) return answer(404, { message: 'Not Found' });
    const [, token] = /^bearer (.+)$/i.exec(headers['authorization'] ?? '') ?? [];
    if (token !== REQUEST_TOKEN) return answer(401, { message: 'Unauthorized' });
    const audience = url.searchParams.get('audience') ?? `https://github.com/${ownerOf(this.#workflow.repository)}`;
    return answer(200, { count: 1, value: this.issue(audience) });
  }

  #showKeys({ url }: SimulatedRequest): SimulatedResponse {
    if (url.pathname === '/.well-known/jwks') return answer(200, { keys: [this.#issuer.publicKey()] });
    if (url.pathname !== '/.well-known/openid-configuration') return answer(404, {});
    return answer(200, { issuer: GITHUB_ISSUER, jwks_uri: `${GITHUB_ISSUER}/.well-known/jwks` });
  }
}

function ownerOf(repository: string): string {
  return repository.split('/')[0] ?? '';
}

function answer(status: number, document: unknown): SimulatedResponse {
  return { status, headers: { 'content-type': 'application/json; charset=utf-8' }, body: JSON.stringify(document) };
}
