import { createHttpHeaders, type HttpClient, type PipelineRequest, RestError } from '@azure/core-rest-pipeline';
import { readBody } from '../../io/http.ts';
import type { Io } from '../../io/io.ts';
import { DeployError } from '../../model/errors.ts';
import { parseRetryAfter } from '../../model/retry-after.ts';
import { ensureOneOf, parseAnswer, WrongAnswer } from '../../model/wrong-answer.ts';

/** The largest answer is a list of a hundred revisions, each with its template. */
const MAX_BYTES = 16 * 1024 * 1024;
const TIMEOUT_MS = 20_000;
/** For the SDKs' clients. */
export const RETRIES = { maxRetries: 3, retryDelayInMs: 500, maxRetryDelayInMs: 4_000 };
const LONGEST_RETRY_AFTER_SECONDS = 30;
/** Who is asked to come back later than that is not waited for: without the header the SDK does not repeat a 429. */
const HOPELESS_RETRY_AFTER_SECONDS = 300;

/**
 * Carries the SDKs' requests over our own sockets: the job's proxy, time-outs and a bound for the answer, none of which
 * the SDKs' own transport has unless every call says so.
 */
export function openPipelineHttp(io: Pick<Io, 'http' | 'clock'>): HttpClient {
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
        const body = (await readBody(response, { maxBytes: MAX_BYTES, timeoutMs: TIMEOUT_MS })).toString('utf8');
        if (response.status === 200) ensureAnswer(request, body);
        return {
          request,
          status: response.status,
          headers: createHttpHeaders(flatten(response.headers, io.clock.now())),
          bodyAsText: body,
        };
      } catch (error) {
        throw isBroken(error) ? toRestError(error, request) : error;
      }
    },
  };
}

/** Of each kind of answer, members of which one is always there: a resource, a list, a status, a token, a directory. */
const ALWAYS = ['id', 'value', 'status', 'access_token', 'token_endpoint', 'tenant_discovery_endpoint'];

/**
 * Before a client reads it: the SDKs take a body that is none for an empty document. A request that changes something may
 * be answered without a body.
 * @throws WrongAnswer
 */
function ensureAnswer({ method, url }: PipelineRequest, body: string): void {
  const { host, pathname } = new URL(url);
  const isToken = pathname.endsWith('/oauth2/v2.0/token');
  if (method === 'GET' || isToken) ensureOneOf(parseAnswer(body, host), isToken ? ['access_token'] : ALWAYS, host);
}

function isBroken(error: unknown): error is Error {
  return error instanceof WrongAnswer || (error instanceof DeployError && error.code === 'NETWORK');
}

function toBody({ body }: PipelineRequest): string | Buffer {
  return typeof body === 'string' ? body : Buffer.from(body as ArrayBuffer);
}

function flatten(headers: NodeJS.Dict<string | string[]>, now: number): Record<string, string> {
  const flat = Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]);
  const all = Object.fromEntries(flat) as Record<string, string>;
  const { 'retry-after': wait, 'retry-after-ms': ms, 'x-ms-retry-after-ms': other, ...rest } = all;
  if ((wait ?? ms ?? other) === undefined) return rest;
  // The SDK waits as long as any of the three tells it, however long that is.
  const waitMs = [ms, other].map(Number).find((given) => given > 0) ?? parseRetryAfter(wait, now, all['date']) ?? 0;
  const seconds = Math.max(1, Math.ceil(waitMs / 1_000));
  if (seconds > HOPELESS_RETRY_AFTER_SECONDS) return rest;
  return { ...rest, 'retry-after': String(Math.min(seconds, LONGEST_RETRY_AFTER_SECONDS)) };
}

/**
 * With a code for which the SDK's retry policy sends again. Not so for a change: the first request may arrive after the
 * second, so whoever sent it has to know that there was one without an answer.
 */
function toRestError(error: Error, request: PipelineRequest): RestError {
  const [, ...reason] = error.message.split(': ');
  const code = request.method === 'PATCH' ? 'REQUEST_SEND_ERROR' : 'ECONNRESET';
  const thrown = new RestError(reason.join(': ') || error.message, { code, request });
  // What made it is named by who knows what was requested.
  return error instanceof WrongAnswer ? Object.assign(thrown, { cause: error }) : thrown;
}
