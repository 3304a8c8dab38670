import { DeployError } from '../../../model/errors.ts';
import { type JsonObject, textAt } from '../../../model/json.ts';
import type { ClusterAccess } from '../../cluster-login.ts';
import { openTokenRenewal } from '../../renewal.ts';
import type { CloudContext } from '../../target.ts';
import { type CredentialSettings, findCredentials, type GoogleCredentials, noCredentials } from '../credentials.ts';
import { explainErrors } from '../errors.ts';
import { shareCredentials } from '../login.ts';
import { chooseEndpoint, type EndpointKind, type GkeEndpoint, gatewayHost } from './choose-endpoint.ts';
import type { GkeName } from './cluster-name.ts';
import { readJson } from './read-json.ts';

export interface GkeSettings extends GkeName {
  readonly endpoint: EndpointKind;
  readonly login: CredentialSettings;
}

/** A cluster knows a service account by its e-mail address only where the token has it. */
const SCOPES = ['https://www.googleapis.com/auth/userinfo.email'];

/** @throws DeployError NOT_FOUND, AUTH_FAILED, PERMISSION_DENIED, UNSUPPORTED, NETWORK */
export async function openGke(settings: GkeSettings, context: CloudContext): Promise<ClusterAccess> {
  const { io } = context;
  const { name, location } = settings;
  const shared = await shareCredentials(settings.login, context, SCOPES);
  if (!shared) throw noCredentials(io);
  const { server, ca, what } = await findEndpoint(settings, shared, context);
  io.log.info(`GKE: cluster ${name} in ${location}, by ${what}`);
  let credentials: GoogleCredentials = shared;
  const getToken = async (isRefused: boolean): Promise<string> => {
    // The library keeps a token until it ends, also one that is refused.
    if (isRefused) credentials = (await findCredentials(settings.login, io, SCOPES)) ?? credentials;
    const call = { what: `get a token for GKE cluster ${name}`, permission: 'iam.serviceAccounts.getAccessToken' };
    return await explainErrors(call, async () => tokenOf(await credentials.client.getAccessToken(), name));
  };
  const connection = ca === null ? {} : { ca };
  const toCredentials = (token: string) => ({ headers: { authorization: `Bearer ${token}` }, connection });
  return {
    cluster: `cluster ${name} (${location})`,
    server,
    namespace: null,
    credentials: openTokenRenewal(getToken, toCredentials, io),
    hints: {
      unauthorized: `Check that the service account is one of the project, and, by the DNS endpoint or Connect Gateway, that it has container.clusters.connect or roles/gkehub.gatewayEditor.`,
      forbidden: `Grant roles/container.developer on the project, or bind a Role to the e-mail address of the service account; by the DNS endpoint also container.clusters.connect (roles/container.clusterViewer), by Connect Gateway roles/gkehub.gatewayEditor.`,
    },
  };
}

function tokenOf({ token }: { readonly token?: string | null }, name: string): string {
  if (token) return token;
  throw new DeployError('AUTH_FAILED', `could not get a token for GKE cluster ${name}: none came`, {
    hint: 'Run google-github-actions/auth before this step, or set `workload-identity-provider`.',
  });
}

async function findEndpoint(
  settings: GkeSettings,
  credentials: GoogleCredentials,
  context: CloudContext,
): Promise<GkeEndpoint> {
  const { kind, name, project, location, endpoint } = settings;
  const path = `v1/projects/${project}/locations/${location}/${kind}/${name}`;
  if (kind === 'memberships') {
    const url = `https://${gatewayHost(location)}/${path}:generateCredentials`;
    const call = { what: `find membership ${name} in ${location}`, permission: 'gkehub.gateway.generateCredentials' };
    const answer = await readJson(credentials, { ...call, url, holds: 'endpoint' }, context);
    return byMembership(answer, name);
  }
  const url = `https://container.googleapis.com/${path}`;
  const call = { what: `read GKE cluster ${name} in ${location}`, permission: 'container.clusters.get' };
  const cluster = await readJson(credentials, { ...call, url, holds: 'name' }, context);
  ensureUsable(cluster);
  return chooseEndpoint(cluster, endpoint);
}

function byMembership(answer: JsonObject, name: string): GkeEndpoint {
  const given = textAt(answer, 'endpoint');
  const server = URL.parse(given.includes('://') ? given : `https://${given}`);
  if (server?.protocol === 'https:' && server.hostname.endsWith('connectgateway.googleapis.com')) {
    return { server, ca: null, what: 'Connect Gateway' };
  }
  // Our token would go there.
  throw new DeployError('UNSUPPORTED', `could not use membership ${name}: its address is not that of Connect Gateway`, {
    hint: 'Check the membership (gcloud container fleet memberships describe).',
  });
}

function ensureUsable(cluster: JsonObject): void {
  const status = textAt(cluster, 'status');
  if (!['PROVISIONING', 'STOPPING', 'ERROR'].includes(status)) return;
  throw new DeployError(
    'UNSUPPORTED',
    `could not use GKE cluster ${textAt(cluster, 'name')}: its status is ${status}`,
    {
      hint: 'Wait until the cluster is RUNNING, then run again.',
    },
  );
}
