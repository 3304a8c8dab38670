import type { CancellableIo } from '../../io/io.ts';
import { type RetryPolicy, retryTransient } from '../../io/retry-transient.ts';
import { describeBody, ensureOneOf, isWrongAnswer, WrongAnswer } from '../../model/wrong-answer.ts';
import { type AwsCall, explainErrors } from './errors.ts';

/** The SDK has its own retries for everything else. */
const RETRIES: RetryPolicy = { tries: 4, firstDelayMs: 500, mayPass: isWrongAnswer };

/**
 * Sends a request that reads: it may be aborted, and is sent again after an answer that AWS did not write.
 * @throws DeployError
 */
export function readAws<T>(
  { io, signal }: CancellableIo,
  call: AwsCall,
  send: (options: { readonly abortSignal: AbortSignal }) => Promise<T>,
): Promise<T> {
  const attempt = () => callAws({ ...call, signal }, () => send({ abortSignal: signal }));
  return retryTransient(attempt, RETRIES, { clock: io.clock, signal });
}

/** Sends one request and checks what came back. @throws DeployError */
export function callAws<T>(call: AwsCall, send: () => Promise<T>): Promise<T> {
  return explainErrors(call, async () => {
    const answer = await send().catch(throwWrongAnswer);
    return call.holds ? ensureOneOf(answer, call.holds, 'AWS') : answer;
  });
}

/** What the SDK can't read makes any error; what tells it apart is the response without a fault of the service. */
function throwWrongAnswer(error: unknown): never {
  const thrown = (error ?? {}) as { readonly [name: string]: unknown };
  if (thrown['$response'] === undefined || thrown['$fault'] !== undefined) throw error;
  const { statusCode } = thrown['$response'] as { readonly statusCode?: number };
  if (statusCode !== 200) throw error;
  const text = thrown['$responseBodyText'];
  throw new WrongAnswer(typeof text === 'string' ? describeBody(text) : 'the answer cannot be read', 'AWS');
}
