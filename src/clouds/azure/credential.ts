import {
  type AccessToken,
  AzureCliCredential,
  ClientAssertionCredential,
  EnvironmentCredential,
  type GetTokenOptions,
  ManagedIdentityCredential,
  type TokenCredential,
  WorkloadIdentityCredential,
} from '@azure/identity';
import { fetchIdToken } from '../../io/github-oidc.ts';
import type { Io } from '../../io/io.ts';
import { DeployError } from '../../model/errors.ts';
import type { AzureAccount } from './azure-account.ts';
import { openPipelineHttp } from './pipeline-http.ts';

const OIDC_AUDIENCE = 'api://AzureADTokenExchange';
const CLI_TIMEOUT_MS = 60_000;

export interface ChosenCredential {
  /** For people, without anything secret. */
  readonly name: string;
  readonly credential: TokenCredential;
}

/**
 * Who we are to Azure, by what the job has; nothing is tried out, so that a wrong login is told and not papered over by
 * the next one. Who puts a secret or a token file beside AZURE_CLIENT_ID means that one, unless the inputs name another.
 * @throws DeployError AUTH_FAILED when nothing says who we are
 */
export function chooseCredential(account: AzureAccount, io: Io): ChosenCredential {
  const { env } = io;
  const { tenantId, clientId, isByInput } = account;
  const as = `as application ${clientId}`;
  const options = { httpClient: openPipelineHttp(io), retryOptions: { maxRetries: 2 } };
  const isNamed = tenantId !== '' && clientId !== '';
  const proof = isNamed && !isByInput ? findProof(env) : null;
  if (proof === 'secret') {
    const name = `the secret or certificate in AZURE_CLIENT_* ${as}`;
    return { name, credential: guarded(new EnvironmentCredential(options), io) };
  }
  if (proof === 'file') {
    const identity = new WorkloadIdentityCredential({ ...options, tenantId, clientId });
    return { name: `workload identity ${as}`, credential: guarded(identity, io) };
  }
  if (isNamed && env['ACTIONS_ID_TOKEN_REQUEST_URL']) {
    return { name: `the job's own identity (OIDC) ${as}`, credential: openIdCredential(account, io, options) };
  }
  // Who named an application and lacks only the permission should hear that.
  if (isByInput) throw noCredentials(isNamed);
  if (account.hasCliLogin) {
    const identity = new AzureCliCredential({ tenantId, processTimeoutInMs: CLI_TIMEOUT_MS });
    return { name: 'the login of the Azure CLI (azure/login)', credential: guarded(identity, io) };
  }
  // GitHub's own machines have a metadata service too, with no identity of ours behind it.
  if (env['RUNNER_ENVIRONMENT'] === 'github-hosted') throw noCredentials(isNamed);
  // Not over our own sockets: the metadata service is asked directly, never through a proxy.
  const identity = new ManagedIdentityCredential(clientId === '' ? {} : { clientId });
  return { name: 'the managed identity of this machine', credential: guarded(identity, io) };
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
  const fresh: TokenCredential = {
    async getToken(scopes, tokenOptions) {
      [failure, asked] = [null, null];
      return await credential.getToken(scopes, tokenOptions);
    },
  };
  // It also wraps what its callback throws, and the hint would be lost.
  return guarded(fresh, io, () => failure);
}

/** Masks every token before anybody can print it. */
function guarded(credential: TokenCredential, io: Io, cause: () => unknown = () => null): TokenCredential {
  const masked = new Set<string>();
  return {
    async getToken(scopes: string | string[], options?: GetTokenOptions): Promise<AccessToken | null> {
      try {
        const token = await credential.getToken(scopes, options);
        if (token && !masked.has(token.token)) io.log.mask(token.token);
        if (token) masked.add(token.token);
        return token;
      } catch (error) {
        throw cause() ?? error;
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
