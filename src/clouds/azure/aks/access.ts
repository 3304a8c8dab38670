import type { ClusterAccess, ClusterCredentials } from '../../cluster-login.ts';
import { openTokenRenewal } from '../../renewal.ts';
import type { CloudContext } from '../../target.ts';
import { ensureExpectedSubscription } from '../account.ts';
import type { AccountInputs } from '../account-inputs.ts';
import { explainErrors } from '../errors.ts';
import { logIn } from '../login.ts';
import type { Tokens } from '../tokens.ts';
import { listUserCredential } from './list-credential.ts';
import { readUserCredential, type UserCredential } from './user-credential.ts';

export interface AksSettings extends AccountInputs {
  readonly cluster: string;
  readonly resourceGroup: string;
  /** Id of the subscription; '': any. */
  readonly expectedAccount: string;
}

/** @throws DeployError NOT_FOUND, AUTH_FAILED, PERMISSION_DENIED, UNSUPPORTED, NETWORK */
export async function openAks(settings: AksSettings, context: CloudContext): Promise<ClusterAccess> {
  const { io } = context;
  const { cluster, resourceGroup } = settings;
  const { account, tokens } = await logIn(settings, context);
  ensureExpectedSubscription(account, settings.expectedAccount);
  const place = { cluster, resourceGroup, subscription: account.subscription };
  const found = readUserCredential(await listUserCredential(place, tokens, context), cluster);
  const as = found.login.kind === 'entra' ? 'with a token of Microsoft Entra' : 'with its local account';
  io.log.info(`AKS: cluster ${cluster} in ${resourceGroup}, ${as}`);
  return {
    cluster: `cluster ${cluster} (${resourceGroup})`,
    server: found.server,
    namespace: null,
    credentials: openCredentials(found, { cluster, tokens, io }),
    hints: {
      unauthorized: `Check that cluster ${cluster} has Microsoft Entra integration, in the same tenant as the application (\`tenant-id\`).`,
      forbidden:
        'Give the application the role "Azure Kubernetes Service RBAC Writer" on the cluster or on /namespaces/NAME of it; without Azure RBAC bind a Role to its object id.',
    },
  };
}

function openCredentials(
  { ca, login }: UserCredential,
  { cluster, tokens, io }: { readonly cluster: string; readonly tokens: Tokens; readonly io: CloudContext['io'] },
): ClusterAccess['credentials'] {
  if (login.kind === 'local') {
    const { certificate, key, token } = login;
    for (const secret of [key, token]) if (secret !== '') io.log.mask(secret);
    const headers: ClusterCredentials['headers'] = token === '' ? {} : { authorization: `Bearer ${token}` };
    const local = { headers, connection: { ca, ...(certificate === '' ? {} : { certificate, key }) } };
    return async () => local;
  }
  const scope = `${login.serverId}/.default`;
  const call = { what: `get a token for AKS cluster ${cluster}`, action: scope };
  const getToken = (isRefused: boolean): Promise<string> =>
    explainErrors(call, () => (isRefused ? tokens.renew(scope) : tokens.get(scope)));
  const toCredentials = (token: string) => ({ headers: { authorization: `Bearer ${token}` }, connection: { ca } });
  return openTokenRenewal(getToken, toCredentials, io);
}
