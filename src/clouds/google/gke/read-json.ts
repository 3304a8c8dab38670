import type { CancellableIo } from '../../../io/io.ts';
import { type RetryPolicy, retryTransient } from '../../../io/retry-transient.ts';
import { DeployError } from '../../../model/errors.ts';
import { isJsonObject, type JsonObject } from '../../../model/json.ts';
import { describeBody, ensureOneOf, WrongAnswer } from '../../../model/wrong-answer.ts';
import type { GoogleCredentials } from '../credentials.ts';
import { explainErrors, type GoogleCall } from '../errors.ts';

interface GoogleRead extends GoogleCall {
  readonly url: string;
  /** A member that every answer has. */
  readonly holds: string;
}

const READS: RetryPolicy = { tries: 4, firstDelayMs: 500 };

/** A failure that may pass is retried for some seconds. @throws DeployError */
export async function readJson(
  { client }: GoogleCredentials,
  { url, holds, ...call }: GoogleRead,
  { io, signal }: CancellableIo,
): Promise<JsonObject> {
  const { host } = new URL(url);
  const attempt = () =>
    explainErrors({ ...call, signal }, async () => {
      const { data } = await client.request<unknown>({ method: 'GET', url, responseType: 'json', signal });
      if (isJsonObject(data)) return ensureOneOf(data, [holds], host);
      throw new WrongAnswer(describeBody(typeof data === 'string' ? data : JSON.stringify(data ?? null)), host);
    });
  try {
    return await retryTransient(attempt, READS, { clock: io.clock, signal });
  } catch (error) {
    if (!(error instanceof DeployError) || error.code !== 'NOT_FOUND') throw error;
    const hint =
      'Check the inputs `gke-cluster`, `project` and `region` (a zonal cluster is in a zone: europe-west1-b).';
    throw new DeployError('NOT_FOUND', error.message, { cause: error.cause, hint });
  }
}
