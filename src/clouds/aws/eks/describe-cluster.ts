import { readBody } from '../../../io/http.ts';
import type { CancellableIo } from '../../../io/io.ts';
import { type RetryPolicy, retryTransient } from '../../../io/retry-transient.ts';
import { DeployError } from '../../../model/errors.ts';
import { type JsonObject, objectAt, textAt, tryParseJson } from '../../../model/json.ts';
import { ensureOneOf, parseAnswer } from '../../../model/wrong-answer.ts';
import { explainErrors } from '../errors.ts';
import { hostOf, type Signer } from './signer.ts';

const TIMEOUT_MS = 15_000;
const MAX_BYTES = 1024 * 1024;
const READS: RetryPolicy = { tries: 4, firstDelayMs: 500 };

/**
 * `cluster` of the answer: https://docs.aws.amazon.com/eks/latest/APIReference/API_DescribeCluster.html
 * @throws DeployError NOT_FOUND, PERMISSION_DENIED, …
 */
export async function describeCluster(
  { cluster, region }: { readonly cluster: string; readonly region: string },
  signer: Signer,
  { io, signal }: CancellableIo,
): Promise<JsonObject> {
  const url = new URL(`https://${hostOf('eks', region)}/clusters/${encodeURIComponent(cluster)}`);
  const call = { what: `read EKS cluster ${cluster} in ${region}`, action: 'eks:DescribeCluster', signal };
  const attempt = () =>
    explainErrors(call, async () => {
      const headers = await signer.sign('eks', url);
      const response = await io.http.send({ method: 'GET', url, headers, timeoutMs: TIMEOUT_MS, signal });
      const text = String(await readBody(response, { maxBytes: MAX_BYTES, timeoutMs: TIMEOUT_MS }));
      if (response.status !== 200) throw refusal(response.status, text, response.headers['x-amzn-errortype']);
      return objectAt(ensureOneOf(parseAnswer(text, url.host), ['cluster'], url.host), 'cluster');
    });
  try {
    return await retryTransient(attempt, READS, { clock: io.clock, signal });
  } catch (error) {
    throw error instanceof DeployError && error.code === 'NOT_FOUND' ? withHint(error) : error;
  }
}

/** As the SDK throws it. The type may have an address behind a colon. */
function refusal(status: number, text: string, type: string | string[] | undefined): Error {
  const document = tryParseJson(text);
  const name = String(type ?? '').split(':')[0] || textAt(document, '__type') || `HTTP${status}`;
  const message = textAt(document, 'message') || textAt(document, 'Message') || `HTTP ${status}`;
  return Object.assign(new Error(message), { name, $metadata: { httpStatusCode: status } });
}

function withHint({ code, message, cause }: DeployError): DeployError {
  const hint = 'Check the inputs `eks-cluster` and `region`, and that the credentials are of the right account.';
  return new DeployError(code, message, { cause, hint });
}
