import { readBody } from '../../../io/http.ts';
import type { CancellableIo } from '../../../io/io.ts';
import { type RetryPolicy, retryTransient } from '../../../io/retry-transient.ts';
import { DeployError, type ErrorCode } from '../../../model/errors.ts';
import { type JsonObject, listAt, textAt, tryParseJson } from '../../../model/json.ts';
import { ensureOneOf, parseAnswer } from '../../../model/wrong-answer.ts';
import { explainErrors } from '../errors.ts';
import { ARM_SCOPE, type Tokens } from '../tokens.ts';

export interface AksPlace {
  readonly subscription: string;
  readonly resourceGroup: string;
  readonly cluster: string;
}

const HOST = 'management.azure.com';
const API_VERSION = '2025-09-01';
const TIMEOUT_MS = 20_000;
const MAX_BYTES = 1024 * 1024;
const READS: RetryPolicy = { tries: 4, firstDelayMs: 500 };
const ACTION = 'Microsoft.ContainerService/managedClusters/listClusterUserCredential/action';

/**
 * The kubeconfig of the cluster's users, as YAML. It changes nothing, although it is a POST.
 * https://learn.microsoft.com/rest/api/aks/managed-clusters/list-cluster-user-credentials
 * @throws DeployError NOT_FOUND, PERMISSION_DENIED, …
 */
export async function listUserCredential(
  place: AksPlace,
  tokens: Tokens,
  { io, signal }: CancellableIo,
): Promise<string> {
  const what = `get the credentials of AKS cluster ${place.cluster} in resource group ${place.resourceGroup}`;
  const attempt = () =>
    explainErrors({ what, action: ACTION, signal }, async () => {
      const answer = await send(urlOf(place), tokens, { io, signal });
      const [first] = listAt(ensureOneOf(answer, ['kubeconfigs'], HOST), 'kubeconfigs');
      return Buffer.from(textAt(first, 'value'), 'base64').toString('utf8');
    });
  try {
    return await retryTransient(attempt, READS, { clock: io.clock, signal });
  } catch (error) {
    const hint = error instanceof DeployError ? HINTS[error.code] : undefined;
    if (!(error instanceof DeployError) || hint === undefined) throw error;
    throw new DeployError(error.code, error.message, { cause: error.cause, hint });
  }
}

const HINTS: Partial<Record<ErrorCode, string>> = {
  NOT_FOUND: 'Check the inputs `aks-cluster`, `resource-group` and `subscription`.',
  PERMISSION_DENIED: 'Give the application the role "Azure Kubernetes Service Cluster User Role" on the cluster.',
};

function urlOf({ subscription, resourceGroup, cluster }: AksPlace): URL {
  const [group, name] = [resourceGroup, cluster].map(encodeURIComponent);
  const resource = `/subscriptions/${subscription}/resourceGroups/${group}/providers/Microsoft.ContainerService/managedClusters/${name}`;
  return new URL(`https://${HOST}${resource}/listClusterUserCredential?api-version=${API_VERSION}&format=exec`);
}

/** Once more with a new token after a 401. @throws RestError-like, for `explainErrors` */
async function send(url: URL, tokens: Tokens, { io, signal }: CancellableIo): Promise<JsonObject> {
  const post = async (token: string) => {
    const headers = { authorization: `Bearer ${token}`, accept: 'application/json', 'content-length': '0' };
    const response = await io.http.send({ method: 'POST', url, headers, timeoutMs: TIMEOUT_MS, signal });
    const text = String(await readBody(response, { maxBytes: MAX_BYTES, timeoutMs: TIMEOUT_MS }));
    return { status: response.status, text };
  };
  const first = await post(await tokens.get(ARM_SCOPE));
  const { status, text } = first.status === 401 ? await post(await tokens.renew(ARM_SCOPE)) : first;
  if (status === 200) return parseAnswer(text, HOST);
  const document = tryParseJson(text);
  const message = textAt(document, 'error', 'message') || textAt(document, 'message') || `status ${status}`;
  const code = textAt(document, 'error', 'code') || textAt(document, 'code') || `HTTP${status}`;
  throw Object.assign(new Error(message), { name: 'RestError', code, statusCode: status });
}
