import { type RetryPolicy, retryTransient } from '../../../io/retry-transient.ts';
import { isJsonObject, type JsonObject } from '../../../model/json.ts';
import { describeBody, ensureOneOf, WrongAnswer } from '../../../model/wrong-answer.ts';
import { explainErrors, type GoogleCall } from '../errors.ts';
import type { RunService } from './service.ts';

/** One call of the Cloud Run Admin API v2: https://cloud.google.com/run/docs/reference/rest/v2 */
export interface RunRequest {
  readonly method: 'GET' | 'PATCH' | 'POST';
  /** Below `/v2/`, with its query: `projects/acme/locations/europe-west1/services/agent`. */
  readonly path: string;
  readonly data?: JsonObject;
  /** A member that every answer has; absent: an answer may be `{}`. */
  readonly holds?: string;
}

const HOST = 'run.googleapis.com';
const BASE = `https://${HOST}/v2`;
const READS: RetryPolicy = { tries: 4, firstDelayMs: 500 };

/** Of a request that changes nothing: a failure that may pass is retried for some seconds, and a cancel ends it. */
export function readJson(run: RunService, call: GoogleCall, sent: RunRequest): Promise<JsonObject> {
  const { signal } = run;
  return retryTransient(() => requestJson(run, { ...call, signal }, sent), READS, { clock: run.io.clock, signal });
}

/**
 * One authenticated request of JSON, sent once (the auth library sends it a second time, with a new token, after a 401).
 * Time-out, size limit and proxy are those of `fetchThrough`. @throws DeployError
 */
export async function requestJson(run: RunService, call: GoogleCall, sent: RunRequest): Promise<JsonObject> {
  const { method, path, data: body, holds } = sent;
  return await explainErrors(call, async () => {
    const { data } = await run.credentials.client.request<unknown>({
      method,
      url: `${BASE}/${path}`,
      responseType: 'json',
      ...(body === undefined ? {} : { data: body }),
      ...(call.signal ? { signal: call.signal } : {}),
    });
    if (!isJsonObject(data)) throw new WrongAnswer(describeAnswer(data), HOST);
    return holds === undefined ? data : ensureOneOf(data, [holds], HOST);
  });
}

/** The auth library gives a body that is not JSON as text. */
function describeAnswer(data: unknown): string {
  return describeBody(typeof data === 'string' ? data : JSON.stringify(data ?? null));
}
