import {
  AzureCliCredential,
  ClientAssertionCredential,
  EnvironmentCredential,
  ManagedIdentityCredential,
  type TokenCredential,
  WorkloadIdentityCredential,
} from '@azure/identity';
import { fetchIdToken } from '../../io/github-oidc.ts';
import type { CancellableIo, Io } from '../../io/io.ts';
import { neverAborted } from '../../io/signals.ts';
import { DeployError } from '../../model/errors.ts';
import type { AzureAccount } from './account.ts';
import { openPipelineHttp } from './pipeline-http.ts';

const OIDC_AUDIENCE = 'api://AzureADTokenExchange';
const CLI_TIMEOUT_MS = 60_000;

export interface Login {
  /** For people, without anything secret. */
  readonly name: string;
  /** One that remembers nothing yet. */
  open(): TokenCredential;
}

/** The workload's login. @throws DeployError AUTH_FAILED when the job has no credentials for Azure */
export function chooseLogin(account: AzureAccount, context: CancellableIo): Login {
  const login = findLogin(account, context, { mayBeMachine: true });
  if (!login) throw noCredentials(account);
  return login;
}

/**
 * Which credentials to use, by what the job has. Nothing is tried out, so that a wrong login is reported and not hidden by
 * the next one. A secret or a token file beside AZURE_CLIENT_ID comes first, unless the inputs name another application.
 * `mayBeMachine`: with nothing else, the managed identity of the machine may be used; nothing shows if it has one.
 * @returns null: nothing says that the job has credentials for Azure
 * @throws DeployError AUTH_FAILED when the inputs name an application and the job can't be it
 */
export function findLogin(
  account: AzureAccount,
  context: CancellableIo,
  { mayBeMachine }: { readonly mayBeMachine: boolean },
): Login | null {
  const { io } = context;
  const { env } = io;
  const { tenantId, clientId, isByInput } = account;
  const as = `as application ${clientId}`;
  const options = { httpClient: openPipelineHttp(io), retryOptions: { maxRetries: 2 } };
  const named = isNamed(account);
  const proof = named && !isByInput ? findProof(env) : null;
  if (proof === 'secret') {
    const name = `the secret or certificate in AZURE_CLIENT_* ${as}`;
    return { name, open: () => new EnvironmentCredential(options) };
  }
  if (proof === 'file') {
    const open = () => new WorkloadIdentityCredential({ ...options, tenantId, clientId });
    return { name: `workload identity ${as}`, open };
  }
  if (named && env['ACTIONS_ID_TOKEN_REQUEST_URL']) {
    const open = () => openIdCredential(account, context, options);
    return { name: `the job's own identity (OIDC) ${as}`, open };
  }
  // The inputs name an application: what is missing is the permission.
  if (isByInput) throw noCredentials(account);
  if (account.hasCliLogin) {
    const open = () => new AzureCliCredential({ tenantId, processTimeoutInMs: CLI_TIMEOUT_MS });
    return { name: 'the login of the Azure CLI (azure/login)', open };
  }
  // GitHub's own machines have a metadata service too, with no identity of ours behind it.
  if (!mayBeMachine || env['RUNNER_ENVIRONMENT'] === 'github-hosted') return null;
  // Not over our own sockets: the metadata service is reached directly, never through a proxy.
  const open = () => new ManagedIdentityCredential(clientId === '' ? {} : { clientId });
  return { name: 'the managed identity of this machine', open };
}

function isNamed({ tenantId, clientId }: AzureAccount): boolean {
  return tenantId !== '' && clientId !== '';
}

function findProof(env: Io['env']): 'secret' | 'file' | null {
  if (env['AZURE_CLIENT_SECRET'] || env['AZURE_CLIENT_CERTIFICATE_PATH']) return 'secret';
  return env['AZURE_FEDERATED_TOKEN_FILE'] ? 'file' : null;
}

/** A fresh assertion for every token: what the job's identity token proves is good for minutes only. */
function openIdCredential(account: AzureAccount, { io }: Pick<CancellableIo, 'io'>, options: object): TokenCredential {
  let failure: unknown = null;
  // The library calls for the same assertion twice.
  let assertion: Promise<string> | null = null;
  const assert = async (): Promise<string> => {
    // A rollback may need it after a cancel.
    assertion ??= fetchIdToken(io, OIDC_AUDIENCE, neverAborted);
    try {
      return await assertion;
    } catch (error) {
      failure = error;
      throw error;
    }
  };
  const credential = new ClientAssertionCredential(account.tenantId, account.clientId, assert, options);
  return {
    async getToken(scopes, tokenOptions) {
      [failure, assertion] = [null, null];
      try {
        return await credential.getToken(scopes, tokenOptions);
      } catch (error) {
        // It also wraps what its callback throws, and the hint would be lost.
        throw failure ?? error;
      }
    },
  };
}

function noCredentials(account: AzureAccount): DeployError {
  const hint = isNamed(account)
    ? 'Give the job `permissions: id-token: write`, so that it can prove its identity to Azure.'
    : 'Set `client-id`, `tenant-id` and `subscription` and give the job `permissions: id-token: write`, or run azure/login before this step.';
  return new DeployError('AUTH_FAILED', 'could not log in to Azure: this job has no credentials for it', { hint });
}
