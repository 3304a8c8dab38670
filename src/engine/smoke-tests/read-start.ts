import type { HttpResponse } from '../../io/http.ts';
import { DeployError } from '../../model/errors.ts';

export interface BodyStart {
  readonly text: string;
  /** False: there was more than `maxBytes`. */
  readonly isWhole: boolean;
}

/**
 * The first `maxBytes` of a body; the rest is not received. A health page may be of any length.
 * @throws DeployError NETWORK when it takes longer than `timeoutMs` or breaks off.
 */
export async function readStart(
  response: HttpResponse,
  limits: { readonly maxBytes: number; readonly timeoutMs: number },
): Promise<BodyStart> {
  const chunks: Buffer[] = [];
  let size = 0;
  const slow = new Error(`the body took longer than ${limits.timeoutMs} ms`);
  const timer = setTimeout(() => response.body.destroy(slow), limits.timeoutMs);
  try {
    for await (const chunk of response.body as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      size += chunk.length;
      if (size > limits.maxBytes) break;
    }
  } catch (error) {
    throw new DeployError('NETWORK', `could not read the response: ${(error as Error).message}`, {
      cause: error,
      hint: 'Check the log of the service: it closed the connection in the middle of a response.',
    });
  } finally {
    clearTimeout(timer);
    response.body.destroy();
  }
  return {
    text: Buffer.concat(chunks).subarray(0, limits.maxBytes).toString('utf8'),
    isWhole: size <= limits.maxBytes,
  };
}
