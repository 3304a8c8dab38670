import type { SimulatedHost, SimulatedRequest, SimulatedResponse, TimeSource } from '../../edge/host.ts';
import { GITHUB_ISSUER, type ReadAssertion } from '../../github/oidc.ts';
import { isObject, type JsonObject } from '../../json.ts';
import type { Access } from '../access.ts';

/** A workload identity pool's provider that trusts GitHub. */
export interface Provider {
  /** `projects/1234/locations/global/workloadIdentityPools/github/providers/agent` */
  readonly name: string;
  /** Subjects of this form only: `^repo:acme/agent:`. An attribute condition says the same in Google's own words. */
  readonly subject: RegExp;
}

interface SecurityTokenService {
  readonly clock: TimeSource;
  readonly access: Access;
  readonly readAssertion: ReadAssertion;
  readonly provider: Provider;
}

const LONGEST_S = 3_600;

/** https://cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/token */
export function createStsHost(service: SecurityTokenService): SimulatedHost {
  return {
    serves: (hostname) => hostname === 'sts.googleapis.com',
    nameCall: () => ({ operation: 'sts:ExchangeToken', mutates: false }),
    handle: (request) => exchange(service, request),
  };
}

function exchange(
  { clock, access, readAssertion, provider }: SecurityTokenService,
  request: SimulatedRequest,
): SimulatedResponse {
  if (request.method !== 'POST' || request.url.pathname !== '/v1/token') return refuse(404, 'not_found', 'Not Found');
  const form = readForm(request);
  if (form['grant_type'] !== 'urn:ietf:params:oauth:grant-type:token-exchange') {
    return refuse(400, 'unsupported_grant_type', 'The grant type is not supported.');
  }
  if (form['audience'] !== `//iam.googleapis.com/${provider.name}`) {
    return refuse(400, 'invalid_target', 'The target service indicated by the "audience" parameters is invalid.');
  }
  const claims = readAssertion(form['subject_token'] ?? '');
  const now = clock.now() / 1_000;
  if (!claims || claims.iss !== GITHUB_ISSUER)
    return refuse(400, 'invalid_grant', 'Error connecting to the given credential issuer.');
  if (now >= claims.exp) return refuse(400, 'invalid_grant', `ID Token issued at ${claims.iat} is stale to sign-in.`);
  if (!audiencesOf(provider).includes(claims.aud)) {
    const message = `The audience in ID Token [${claims.aud}] does not match the expected audience ${audiencesOf(provider)[0]}.`;
    return refuse(400, 'invalid_grant', message);
  }
  if (!provider.subject.test(claims.sub)) {
    return refuse(403, 'unauthorized_client', 'The given credential is rejected by the attribute condition.');
  }
  // The federated token ends with the token that it was made of: https://github.com/google-github-actions/auth/issues/474
  const seconds = Math.floor(Math.min(LONGEST_S, claims.exp - now));
  const principal = { kind: 'federated', id: principalOf(provider, claims.sub) } as const;
  return json(200, {
    access_token: access.issue(principal, seconds * 1_000),
    issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    token_type: 'Bearer',
    expires_in: seconds,
  });
}

/** What GitHub has to be asked for. */
export function audiencesOf({ name }: Provider): readonly [string, string] {
  return [`https://iam.googleapis.com/${name}`, `//iam.googleapis.com/${name}`];
}

function principalOf({ name }: Provider, subject: string): string {
  return `principal://iam.googleapis.com/${name.replace(/\/providers\/.*$/, '')}/subject/${subject}`;
}

/** The auth library sends a form, the documentation JSON: both are taken. */
function readForm({ headers, body }: SimulatedRequest): Record<string, string> {
  if (!headers['content-type']?.includes('json')) return Object.fromEntries(new URLSearchParams(body.toString()));
  const document: unknown = JSON.parse(body.toString());
  if (!isObject(document)) return {};
  const entries = Object.entries(document).map(([name, value]) => [
    name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    String(value),
  ]);
  return Object.fromEntries(entries) as Record<string, string>;
}

function refuse(status: number, error: string, description: string): SimulatedResponse {
  return json(status, { error, error_description: description });
}

function json(status: number, document: JsonObject): SimulatedResponse {
  return { status, headers: { 'content-type': 'application/json; charset=UTF-8' }, body: JSON.stringify(document) };
}
