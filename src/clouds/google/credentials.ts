import {
  type AuthClient,
  GoogleAuth,
  IdentityPoolClient,
  type IdentityPoolClientOptions,
  JWT,
} from 'google-auth-library';
import { fetchIdToken } from '../../io/github-oidc.ts';
import type { Io } from '../../io/io.ts';
import { neverAborted } from '../../io/signals.ts';
import { DeployError } from '../../model/errors.ts';
import { isJsonObject, type JsonObject, textAt, tryParseJson } from '../../model/json.ts';
import { fetchThrough } from './fetch-through.ts';

/** Who the job is. Both empty: the credentials that google-github-actions/auth left. */
export interface CredentialSettings {
  /** `projects/123456789012/locations/global/workloadIdentityPools/github/providers/acme` */
  readonly workloadIdentityProvider: string;
  /** E-mail address of the service account that the job acts as; '': the federated identity itself. */
  readonly serviceAccount: string;
}

export interface GoogleCredentials {
  /** Signs requests to Google's APIs. */
  readonly client: AuthClient;
  /** What identity tokens are made with. */
  readonly identity: Identity;
}

export type Identity =
  /** A service account's key: it signs them itself. */
  | { readonly kind: 'key'; readonly client: AuthClient & { fetchIdToken(audience: string): Promise<string> } }
  /** A federated identity may ask for those of the service account that it acts as. */
  | { readonly kind: 'federated'; readonly client: AuthClient; readonly serviceAccount: string }
  | { readonly kind: 'none'; readonly why: string };

const SCOPE = 'https://www.googleapis.com/auth/cloud-platform';

/** With which scopes, where a service account acts: a federated identity by itself has no more than the first. */
interface Scoped extends Io {
  readonly scopes: readonly string[];
}

/** The library exchanges GitHub's token without the transporter that it was given, and so without time-outs and proxy. */
class FederatedClient extends IdentityPoolClient {
  constructor(options: IdentityPoolClientOptions) {
    super(options);
    Object.assign(this.stsCredential, { transporter: this.transporter });
  }
}

/**
 * Sends no request yet. `scopes`: those that a service account's tokens have beside that of all APIs. null: neither the job nor, on a self-hosted runner, its machine has any.
 * @throws DeployError AUTH_FAILED when they can't be read or used
 */
export async function findCredentials(
  settings: CredentialSettings,
  given: Io,
  scopes: readonly string[] = [],
): Promise<GoogleCredentials | null> {
  const io: Scoped = { ...given, scopes: [SCOPE, ...scopes] };
  const credentials = settings.workloadIdentityProvider === '' ? await readLeft(io) : openFederated(settings, io);
  // The event comes with every new token, before it is used.
  credentials?.client.on('tokens', ({ access_token: token }) => token && io.log.mask(token));
  return credentials;
}

/** No file: GitHub gives a new OIDC token each time one is needed, so it doesn't matter how long the run takes. */
function openFederated(settings: CredentialSettings, io: Scoped): GoogleCredentials {
  const { serviceAccount, workloadIdentityProvider: provider } = settings;
  const resource = `iam.googleapis.com/${provider}`;
  const options = {
    ...clientOptions(serviceAccount === '' ? withoutAccount(io) : io),
    audience: `//${resource}`,
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    token_url: 'https://sts.googleapis.com/v1/token',
    // A cancelled run still has to roll back, which may need a new token.
    subject_token_supplier: { getSubjectToken: () => fetchIdToken(io, `https://${resource}`, neverAborted) },
  };
  const federated = new FederatedClient(options);
  if (serviceAccount === '') return { client: federated, identity: { kind: 'none', why: NO_ACCOUNT } };
  const client = new FederatedClient({
    ...options,
    service_account_impersonation_url: impersonation(serviceAccount),
  });
  return { client, identity: { kind: 'federated', client: federated, serviceAccount } };
}

function impersonation(serviceAccount: string): string {
  return `https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/${serviceAccount}:generateAccessToken`;
}

/** What google-github-actions/auth left, or the machine's own identity on self-hosted runners. */
async function readLeft(io: Scoped): Promise<GoogleCredentials | null> {
  const file = io.env['GOOGLE_APPLICATION_CREDENTIALS'] ?? '';
  if (file !== '') {
    const json = readCredentialFile(file, io);
    const client = await openClient(json, io).catch(unusable);
    // Not getIdTokenClient of the library: it throws for a federated identity.
    return { client, identity: identityOf(client, json, io) };
  }
  // A machine of GitHub has no identity of Google: looking for its metadata service takes seconds and finds nothing.
  if (!isSelfHosted(io)) return null;
  try {
    const client = await new GoogleAuth({ scopes: [...io.scopes], clientOptions: clientOptions(io) }).getClient();
    const identity: Identity = canSign(client) ? { kind: 'key', client } : { kind: 'none', why: NO_KEY };
    return { client, identity };
  } catch {
    return null;
  }
}

function readCredentialFile(file: string, io: Io): JsonObject {
  const text = readText(file, io);
  const json = tryParseJson(text ?? '');
  if (isJsonObject(json)) {
    ensureGoogle(textAt(json, 'universe_domain'));
    return json;
  }
  const isGone = text === null;
  const why = isGone ? 'the file that GOOGLE_APPLICATION_CREDENTIALS names is gone' : 'it could not be read as JSON';
  const byCheckout = isGone && file.startsWith(io.env['GITHUB_WORKSPACE'] ?? '\0');
  throw new DeployError('AUTH_FAILED', `could not read the Google credentials: ${why}`, {
    // google-github-actions/auth#111
    hint: byCheckout
      ? 'Put actions/checkout before google-github-actions/auth: it cleans the workspace, in which that action leaves its file.'
      : 'Run google-github-actions/auth right before this step, or set `workload-identity-provider`.',
  });
}

/**
 * Other universes (`s3nsapis.fr`) have every API under names of their own: a token would go to Google's.
 * https://cloud.google.com/apis/docs/universe-domain
 */
function ensureGoogle(universe: string): void {
  if (universe === '' || universe === 'googleapis.com') return;
  throw new DeployError('UNSUPPORTED', `could not use the Google credentials: they are of the universe ${universe}`, {
    hint: 'Use credentials of googleapis.com: other universes are not supported.',
  });
}

/** '' where it can't be read; null: there is no such file. */
function readText(file: string, { files }: Pick<Io, 'files'>): string | null {
  try {
    return files.readText(file);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? null : '';
  }
}

function identityOf(client: AuthClient, json: JsonObject, io: Scoped): Identity {
  if (textAt(json, 'type') === 'external_account') {
    const url = textAt(json, 'service_account_impersonation_url');
    const serviceAccount = /serviceAccounts\/([^:/]+):/.exec(url)?.[1];
    const { service_account_impersonation_url: _, ...direct } = json;
    if (serviceAccount) return { kind: 'federated', client: federatedClient(direct, io), serviceAccount };
    return { kind: 'none', why: NO_ACCOUNT };
  }
  return canSign(client) ? { kind: 'key', client } : { kind: 'none', why: NO_KEY };
}

/** The library names the member that is missing, and quotes none. */
function unusable(error: Error): never {
  throw new DeployError('AUTH_FAILED', `could not use the Google credentials: ${error.message.split('\n')[0]}`, {
    hint: 'Run google-github-actions/auth right before this step, or set `workload-identity-provider`.',
  });
}

/** The two kinds that jobs have are opened directly: GoogleAuth prints warnings about them. */
async function openClient(json: JsonObject, io: Scoped): Promise<AuthClient> {
  const type = textAt(json, 'type');
  if (type === 'external_account') return federatedClient(json, io);
  if (type !== 'service_account') {
    return await new GoogleAuth({
      scopes: [...io.scopes],
      credentials: json,
      clientOptions: clientOptions(io),
    }).getClient();
  }
  const [email, key, keyId] = ['client_email', 'private_key', 'private_key_id'].map((name) => textAt(json, name));
  return new JWT({ ...clientOptions(io), email: email!, key: key!, keyId: keyId! });
}

/** With an address or a file to get GitHub's token from, as google-github-actions/auth writes it. */
function federatedClient(json: JsonObject, io: Scoped): AuthClient {
  const acts = textAt(json, 'service_account_impersonation_url') !== '';
  return new FederatedClient({
    ...json,
    ...clientOptions(acts ? io : withoutAccount(io)),
  } as unknown as IdentityPoolClientOptions);
}

function canSign(client: AuthClient): client is AuthClient & { fetchIdToken(audience: string): Promise<string> } {
  return 'fetchIdToken' in client && typeof client.fetchIdToken === 'function';
}

const NO_ACCOUNT =
  'the federated identity acts as no service account (set `service-account`, or give it to google-github-actions/auth)';
const NO_KEY = 'these credentials make none';

function withoutAccount(io: Scoped): Scoped {
  return { ...io, scopes: [SCOPE] };
}

function clientOptions(io: Scoped) {
  return {
    scopes: [...io.scopes],
    // Revoked, or a clock that is wrong: a 401 is answered with a new token, once.
    forceRefreshOnFailure: true,
    transporterOptions: { fetchImplementation: fetchThrough(io), agent: io.http.httpsAgent },
  };
}

function isSelfHosted(io: Pick<Io, 'env'>): boolean {
  return io.env['RUNNER_ENVIRONMENT'] === 'self-hosted';
}

/** What to say where `findCredentials` found none and they are needed. */
export function noCredentials(io: Pick<Io, 'env'>): DeployError {
  const why = isSelfHosted(io) ? 'neither the job nor the machine has any' : 'the job has none';
  return new DeployError('AUTH_FAILED', `could not find Google credentials: ${why}`, {
    hint: 'Run google-github-actions/auth before this step, or set `workload-identity-provider`; the job needs `permissions: id-token: write` for both.',
  });
}
