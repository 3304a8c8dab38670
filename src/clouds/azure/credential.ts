import {
  AzureCliCredential,
  ClientAssertionCredential,
  EnvironmentCredential,
  ManagedIdentityCredential,
  type TokenCredential,
  WorkloadIdentityCredential,
} from '@azure/identity';
import { fetchIdToken } from '../../io/github-oidc.ts';
import type { Io } from '../../io/io.ts';
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

/**
 * Who we are to Azure, by what the job has; nothing is tried out, so that a wrong login is told and not papered over by
 * the next one. Who puts a secret or a token file beside AZURE_CLIENT_ID means that one, unless the inputs name another.
 * @throws DeployError AUTH_FAILED when nothing says who we are
 */
export function chooseLogin(account: AzureAccount, io: Io): Login {
  const { env } = io;
  const { tenantId, clientId, isByInput } = account;
  const as = `as application ${clientId}`;
  const options = { httpClient: openPipelineHttp(io), retryOptions: { maxRetries: 2 } };
  const isNamed = tenantId !== '' && clientId !== '';
  const proof = isNamed && !isByInput ? findProof(env) : null;
  if (proof === 'secret') {
    const name = `the secret or certificate in AZURE_CLIENT_* ${as}`;
    return { name, open: () => new EnvironmentCredential(options) };
  }
  if (proof === 'file') {
    const open = () => new WorkloadIdentityCredential({ ...options, tenantId, clientId });
    return { name: `workload identity ${as}`, open };
  }
  if (isNamed && env['ACTIONS_ID_TOKEN_REQUEST_URL']) {
    const open = () => openIdCredential(account, io, options);
    return { name: `the job's own identity (OIDC) ${as}`, open };
  }
  // Who named an application and lacks only the permission should hear that.
  if (isByInput) throw noCredentials(isNamed);
  if (account.hasCliLogin) {
    const open = () => new AzureCliCredential({ tenantId, processTimeoutInMs: CLI_TIMEOUT_MS });
    return { name: 'the login of the Azure CLI (azure/login)', open };
  }
  // GitHub's own machines have a metadata service too, with no identity of ours behind it.
  if (env['RUNNER_ENVIRONMENT'] === 'github-hosted') throw noCredentials(isNamed);
  // Not over our own sockets: the metadata service is asked directly, never through a proxy.
  const open = () => new ManagedIdentityCredential(clientId === '' ? {} : { clientId });
  return { name: 'the managed identity of this machine', open };
}

function findProof(env: Io['env']): 'secret' | 'file' | null {
  if (env['AZURE_CLIENT_SECRET'] || env['AZURE_CLIENT_CERTIFICATE_PATH']) return 'secret';
  return env['AZURE_FEDERATED_TOKEN_FILE'] ? 'file' : null;
}

/** A fresh assertion for every token: what the job's identity token proves is good for minutes only. */
function openIdCredential(account: AzureAccount, io: Io, options: object): TokenCredential {
  let failure: unknown = null;
  // The library asks for the same assertion twice.
  let asked: Promise<string> | null = null;
  const assert = async (): Promise<string> => {
    asked ??= fetchIdToken(io, OIDC_AUDIENCE);
    try {
      return await asked;
    } catch (error) {
      failure = error;
      throw error;
    }
  };
  const credential = new ClientAssertionCredential(account.tenantId, account.clientId, assert, options);
  return {
    async getToken(scopes, tokenOptions) {
      [failure, asked] = [null, null];
      try {
        return await credential.getToken(scopes, tokenOptions);
      } catch (error) {
        // It also wraps what its callback throws, and the hint would be lost.
        throw failure ?? error;
      }
    },
  };
}

function noCredentials(isNamed: boolean): DeployError {
  const hint = isNamed
    ? 'Give the job `permissions: id-token: write`, so that it can prove its identity to Azure.'
    : 'Set `client-id`, `tenant-id` and `subscription` and give the job `permissions: id-token: write`, or run azure/login before this step.';
  return new DeployError('AUTH_FAILED', 'could not log in to Azure: this job has no credentials for it', { hint });
}
