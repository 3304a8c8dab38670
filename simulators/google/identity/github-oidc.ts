import type { SimulatedHost, SimulatedRequest, SimulatedResponse, TimeSource } from '../../edge/host.ts';
import type { JsonObject } from '../../json.ts';
import type { Issuer } from './signed-token.ts';

export const GITHUB_ISSUER = 'https://token.actions.githubusercontent.com';
export const OIDC_HOST = 'run-actions-1-azure-eastus.actions.githubusercontent.com';

/** How long GitHub's token for a job step is good: https://github.com/actions/toolkit/issues/2048 */
const LIFETIME_S = 300;

export interface WorkflowIdentity {
  /** `acme/agent` */
  readonly repository: string;
  readonly ownerId: string;
  readonly repositoryId: string;
  readonly ref: string;
  /** The `environment:` of the job; '' for none. */
  readonly environment: string;
  /**
   * Repositories that were made, renamed or moved since 2026-07-15 have their numbers in the subject.
   * https://github.com/github/docs/blob/main/content/actions/reference/security/oidc.md
   */
  readonly immutableSubject: boolean;
}

interface GithubOidc {
  readonly clock: TimeSource;
  readonly issuer: Issuer;
  readonly identity: WorkflowIdentity;
  /** ACTIONS_ID_TOKEN_REQUEST_TOKEN */
  readonly requestToken: string;
}

export function subjectOf({ repository, ownerId, repositoryId, ...identity }: WorkflowIdentity): string {
  const [owner = '', name = ''] = repository.split('/');
  const named = identity.immutableSubject ? `${owner}@${ownerId}/${name}@${repositoryId}` : repository;
  const context = identity.environment === '' ? `ref:${identity.ref}` : `environment:${identity.environment}`;
  return `repo:${named}:${context}`;
}

/** Where a job gets its identity, ACTIONS_ID_TOKEN_REQUEST_URL, and the keys to check it with. */
export function createGithubOidcHost(oidc: GithubOidc): SimulatedHost {
  return {
    serves: (hostname) => hostname === OIDC_HOST || hostname === new URL(GITHUB_ISSUER).hostname,
    nameCall: ({ url }) => ({
      operation: url.hostname === OIDC_HOST ? 'github:GetIdToken' : 'github:GetKeys',
      mutates: false,
    }),
    handle: (request) => (request.url.hostname === OIDC_HOST ? issueToken(oidc, request) : showKeys(oidc, request)),
  };
}

function issueToken(
  { clock, issuer, identity, requestToken }: GithubOidc,
  request: SimulatedRequest,
): SimulatedResponse {
  if (!/^bearer$/i.test(request.headers['authorization']?.split(' ')[0] ?? ''))
    return json(401, { message: 'no token' });
  if (request.headers['authorization']?.split(' ')[1] !== requestToken) return json(401, { message: 'a wrong token' });
  const now = Math.floor(clock.now() / 1_000);
  const owner = identity.repository.split('/')[0] ?? '';
  const claims = {
    iss: GITHUB_ISSUER,
    sub: subjectOf(identity),
    aud: request.url.searchParams.get('audience') ?? `https://github.com/${owner}`,
    iat: now,
    nbf: now,
    exp: now + LIFETIME_S,
    repository: identity.repository,
    repository_owner: owner,
    repository_id: identity.repositoryId,
    repository_owner_id: identity.ownerId,
    ref: identity.ref,
    ...(identity.environment === '' ? {} : { environment: identity.environment }),
  };
  return json(200, { count: 1, value: issuer.issue(claims) });
}

function showKeys({ issuer }: GithubOidc, { url }: SimulatedRequest): SimulatedResponse {
  if (url.pathname === '/.well-known/jwks') return json(200, { keys: [issuer.publicKey() as JsonObject] });
  if (url.pathname !== '/.well-known/openid-configuration') return json(404, {});
  return json(200, { issuer: GITHUB_ISSUER, jwks_uri: `${GITHUB_ISSUER}/.well-known/jwks` });
}

function json(status: number, document: JsonObject): SimulatedResponse {
  return { status, headers: { 'content-type': 'application/json; charset=utf-8' }, body: JSON.stringify(document) };
}
