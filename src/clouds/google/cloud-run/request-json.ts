import { type RetryPolicy, retryTransient } from '../../../io/retry-transient.ts';
import { DeployError } from '../../../model/errors.ts';
import type { JsonObject } from '../../../model/json.ts';
import { explainErrors, type GoogleCall } from '../errors.ts';
import type { RunService } from './service.ts';

/** One call of the Cloud Run Admin API v2: https://cloud.google.com/run/docs/reference/rest/v2 */
export interface RunRequest {
  readonly method: 'GET' | 'PATCH' | 'POST';
  /** Below `/v2/`, with its query: `projects/acme/locations/europe-west1/services/agent`. */
  readonly path: string;
  readonly data?: JsonObject;
}

const BASE = 'https://run.googleapis.com/v2';
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
  const { method, path, data: body } = sent;
  const { data } = await explainErrors(call, () =>
    run.credentials.client.request<unknown>({
      method,
      url: `${BASE}/${path}`,
      responseType: 'json',
      ...(body === undefined ? {} : { data: body }),
      ...(call.signal ? { signal: call.signal } : {}),
    }),
  );
  if (typeof data === 'object' && data !== null) return data as JsonObject;
  throw new DeployError('NETWORK', `could not ${call.what}: the response is not JSON`, {
    hint: 'Check what answers for Google between the runner and Google (a proxy), then run again.',
  });
}
