import type { SimulatedHost, SimulatedRequest, SimulatedResponse, TimeSource } from '../edge/host.ts';
import type { OidcClaims, ReadAssertion } from '../github/oidc.ts';
import type { AccessToken, Principal } from './access.ts';
import { AKS_SERVER_ID } from './aks.ts';
import { isName } from './apps/find.ts';
import { describeInstances, describeTenant } from './entra-discovery.ts';
import { EntraError } from './entra-error.ts';
import type { AzureWorld } from './world.ts';

/** An application of the tenant, and whom it trusts instead of a password. */
export interface Application extends Principal {
  readonly secret: string | null;
  /** https://learn.microsoft.com/entra/workload-id/workload-identity-federation */
  federatedCredentials: readonly FederatedCredential[];
}

export interface FederatedCredential {
  readonly issuer: string;
  readonly subject: string;
  readonly audience: string;
}

export interface EntraOptions {
  readonly world: AzureWorld;
  readonly clock: TimeSource;
  readonly applications: readonly Application[];
  readonly readAssertion: ReadAssertion;
  /** Of access tokens. Default 60 minutes. */
  readonly tokenLifetimeMs: () => number;
}

const HOST = 'login.microsoftonline.com';
const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const RESOURCES = [
  'https://management.azure.com',
  'https://management.core.windows.net',
  'https://containerregistry.azure.net',
  AKS_SERVER_ID,
];

/** Microsoft Entra ID, as far as an application signs in there. */
export function createEntra(options: EntraOptions): SimulatedHost {
  return {
    serves: (hostname) => hostname.toLowerCase() === HOST,
    nameCall: ({ url }) => ({ operation: `entra:${nameOf(url)}`, mutates: false }),
    handle: (request) => {
      options.world.queue.advanceTo(options.clock.now());
      const name = nameOf(request.url);
      if (name === 'Discovery') return answer(200, describeInstances());
      if (name === 'OpenIdConfiguration') return answer(200, describeTenant(options.world.tenant));
      if (name === 'Token' && request.method === 'POST') return tryToken(options, request);
      return answer(404, { error: 'invalid_request', error_description: 'AADSTS900144: no such page' });
    },
  };
}

/** Puts a token into the world, as if its principal had asked for it. */
export function issueToken(
  world: AzureWorld,
  {
    audience,
    principal,
    lifetimeMs,
  }: { readonly audience: string; readonly principal: Principal; readonly lifetimeMs: number },
): AccessToken {
  const now = world.queue.now;
  const claims = {
    aud: audience,
    iss: `https://sts.windows.net/${world.tenant}/`,
    iat: Math.floor(now / 1_000),
    nbf: Math.floor(now / 1_000),
    exp: Math.floor((now + lifetimeMs) / 1_000),
    appid: principal.clientId,
    idtyp: principal.kind === 'Application' ? 'app' : 'user',
    oid: principal.objectId,
    tid: world.tenant,
    uti: world.ids.hex(22),
  };
  const parts = [{ typ: 'JWT', alg: 'RS256' }, claims].map((part) =>
    Buffer.from(JSON.stringify(part)).toString('base64url'),
  );
  const token = { text: `${parts.join('.')}.${world.ids.hex(43)}`, audience, principal, expiresAt: now + lifetimeMs };
  world.access.remember(token);
  return token;
}

function nameOf({ pathname }: URL): string {
  if (pathname.endsWith('/oauth2/v2.0/token')) return 'Token';
  if (pathname.endsWith('/discovery/instance')) return 'Discovery';
  if (pathname.endsWith('/.well-known/openid-configuration')) return 'OpenIdConfiguration';
  return 'unknown';
}

function tryToken(options: EntraOptions, request: SimulatedRequest): SimulatedResponse {
  const { world } = options;
  try {
    const tenant = request.url.pathname.split('/')[1] ?? '';
    if (!isName(tenant, world.tenant))
      throw refuse(
        400,
        'invalid_request',
        90002,
        `Tenant '${tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud.`,
      );
    return giveToken(options, new URLSearchParams(request.body.toString()));
  } catch (error) {
    if (!(error instanceof EntraError)) throw error;
    const [trace, correlation] = [world.ids.uuid(), world.ids.uuid()];
    const time = new Date(world.queue.now).toISOString().replace('T', ' ').replace(/\.\d+/, '');
    return answer(error.status, {
      error: error.error,
      error_description: `${error.message} Trace ID: ${trace} Correlation ID: ${correlation} Timestamp: ${time}`,
      error_codes: [error.number],
      timestamp: time,
      trace_id: trace,
      correlation_id: correlation,
      error_uri: `https://login.microsoftonline.com/error?code=${error.number}`,
    });
  }
}

function giveToken(options: EntraOptions, form: URLSearchParams): SimulatedResponse {
  const { world, applications } = options;
  const grant = form.get('grant_type');
  if (grant !== 'client_credentials')
    throw refuse(400, 'unsupported_grant_type', 70003, `The app requested an unsupported grant type '${grant}'.`);
  const clientId = form.get('client_id') ?? '';
  const application = applications.find((candidate) => isName(candidate.clientId, clientId));
  if (!application) {
    const text = `Application with identifier '${clientId}' was not found in the directory 'acme'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant.`;
    throw refuse(400, 'unauthorized_client', 700016, text);
  }
  checkProof(options, application, form);
  const audience = audienceOf(form.get('scope') ?? '');
  const lifetimeMs = options.tokenLifetimeMs();
  const { text } = issueToken(world, { audience, principal: application, lifetimeMs });
  const seconds = Math.floor(lifetimeMs / 1_000);
  return answer(200, { token_type: 'Bearer', expires_in: seconds, ext_expires_in: seconds, access_token: text });
}

function checkProof(options: EntraOptions, application: Application, form: URLSearchParams): void {
  const assertion = form.get('client_assertion');
  if (assertion === null) {
    if (application.secret !== null && form.get('client_secret') === application.secret) return;
    throw refuse(
      401,
      'invalid_client',
      7000215,
      `Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '${application.clientId}'.`,
    );
  }
  const claims = form.get('client_assertion_type') === ASSERTION_TYPE ? options.readAssertion(assertion) : null;
  if (!claims)
    throw refuse(
      401,
      'invalid_client',
      700027,
      'The certificate with identifier used to sign the client assertion is not registered on application.',
    );
  checkTime(options, claims);
  checkTrust(application, claims);
}

/** What az holds after 5 to 10 minutes: https://github.com/Azure/login/issues/180 */
function checkTime({ clock }: EntraOptions, { nbf, exp }: OidcClaims): void {
  const now = clock.now() / 1_000;
  if (now >= nbf && now < exp) return;
  const [current, from, until] = [now, nbf, exp].map((seconds) => new Date(seconds * 1_000).toISOString());
  throw refuse(
    401,
    'invalid_client',
    700024,
    `Client assertion is not within its valid time range. Current time: ${current}, assertion valid from ${from}, expiry time of assertion ${until}. Review the documentation at https://learn.microsoft.com/entra/identity-platform/certificate-credentials .`,
  );
}

/** Character by character: a subject with ids in it is another one than that without. */
function checkTrust({ federatedCredentials }: Application, { iss, sub, aud }: OidcClaims): void {
  const ofIssuer = federatedCredentials.filter(({ issuer }) => issuer === iss);
  const ofSubject = ofIssuer.filter(({ subject }) => subject === sub);
  const check =
    'Check your federated identity credential Subject, Audience and Issuer against the presented assertion. https://learn.microsoft.com/entra/workload-id/workload-identity-federation';
  if (ofIssuer.length === 0)
    throw refuse(
      401,
      'invalid_client',
      700211,
      `No matching federated identity record found for presented assertion issuer '${iss}'. ${check}`,
    );
  if (ofSubject.length === 0)
    throw refuse(
      401,
      'invalid_client',
      700213,
      `No matching federated identity record found for presented assertion subject '${sub}'. ${check}`,
    );
  if (ofSubject.some(({ audience }) => audience === aud)) return;
  throw refuse(
    401,
    'invalid_client',
    700212,
    `No matching federated identity record found for presented assertion audience '${aud}'. ${check}`,
  );
}

function audienceOf(scope: string): string {
  const resource =
    scope
      .split(' ')
      .find((part) => part.endsWith('/.default'))
      ?.slice(0, -'/.default'.length) ?? '';
  if (RESOURCES.includes(resource.replace(/\/$/, ''))) return resource.replace(/\/$/, '');
  throw refuse(
    400,
    'invalid_resource',
    500011,
    `The resource principal named ${resource || scope} was not found in the tenant named acme. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You might have sent your authentication request to the wrong tenant.`,
  );
}

function refuse(status: number, error: string, number: number, text: string): EntraError {
  return new EntraError(status, error, { number, text });
}

function answer(status: number, document: unknown): SimulatedResponse {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store, no-cache' },
    body: JSON.stringify(document),
  };
}
