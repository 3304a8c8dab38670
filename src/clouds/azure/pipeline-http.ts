import { createHttpHeaders, type HttpClient, type PipelineRequest, RestError } from '@azure/core-rest-pipeline';
import { readBody } from '../../io/http.ts';
import type { Io } from '../../io/io.ts';
import { DeployError } from '../../model/errors.ts';

/** The largest answer is a list of a hundred revisions, each with its template. */
const MAX_BYTES = 16 * 1024 * 1024;
const TIMEOUT_MS = 20_000;
/** For the SDKs' clients. */
export const RETRIES = { maxRetries: 3, retryDelayInMs: 500, maxRetryDelayInMs: 4_000 };
const LONGEST_RETRY_AFTER_SECONDS = 30;

/**
 * Carries the SDKs' requests over our own sockets: the job's proxy, time-outs and a bound for the answer, none of which
 * the SDKs' own transport has unless every call says so.
 */
export function openPipelineHttp(io: Pick<Io, 'http'>): HttpClient {
  return {
    async sendRequest(request) {
      // It would have to be unpacked here.
      request.headers.delete('accept-encoding');
      try {
        const response = await io.http.send({
          method: request.method,
          url: new URL(request.url),
          headers: request.headers.toJSON(),
          ...(request.body ? { body: toBody(request) } : {}),
          timeoutMs: request.timeout > 0 ? request.timeout : TIMEOUT_MS,
          ...(request.abortSignal ? { signal: request.abortSignal as AbortSignal } : {}),
        });
        const body = await readBody(response, { maxBytes: MAX_BYTES, timeoutMs: TIMEOUT_MS });
        return {
          request,
          status: response.status,
          headers: createHttpHeaders(flatten(response.headers)),
          bodyAsText: body.toString('utf8'),
        };
      } catch (error) {
        throw error instanceof DeployError && error.code === 'NETWORK' ? toRestError(error, request) : error;
      }
    },
  };
}

function toBody({ body }: PipelineRequest): string | Buffer {
  return typeof body === 'string' ? body : Buffer.from(body as ArrayBuffer);
}

function flatten(headers: NodeJS.Dict<string | string[]>): Record<string, string> {
  const flat = Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]);
  const { 'retry-after': wait, ...rest } = Object.fromEntries(flat) as Record<string, string>;
  // The SDK waits as long as it is told, however long that is.
  const seconds = Number(wait);
  const bounded = seconds > LONGEST_RETRY_AFTER_SECONDS ? String(LONGEST_RETRY_AFTER_SECONDS) : wait;
  return bounded === undefined ? rest : { ...rest, 'retry-after': bounded };
}

/** With a code for which the SDK's retry policy sends again. */
function toRestError(error: DeployError, request: PipelineRequest): RestError {
  const [, ...reason] = error.message.split(': ');
  return new RestError(reason.join(': ') || error.message, { code: 'ECONNRESET', request });
}
