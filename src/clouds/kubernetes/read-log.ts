import type { HttpResponse } from '../../io/http.ts';
import { DeployError } from '../../model/errors.ts';
import { WrongAnswer } from '../../model/wrong-answer.ts';

/** What is kept: the end. */
export const MAX_LOG_BYTES = 256 * 1024;
const MAX_READ_BYTES = 32 * 1024 * 1024;
const TIMEOUT_MS = 30_000;

/**
 * The end of a text of any length: at most 256 kB, from the start of a line where it was cut. What comes after 32 MB or
 * 30 s is not waited for.
 * @throws WrongAnswer for a web page; DeployError NETWORK when it breaks off
 */
export async function readLog(response: HttpResponse, server: string): Promise<string> {
  if (/^text\/html\b/i.test(response.headers['content-type'] ?? '')) {
    response.body.destroy();
    throw new WrongAnswer('the API answered with a web page instead of a log', server);
  }
  let kept = Buffer.alloc(0);
  let size = 0;
  let isOver = false;
  const end = (): void => {
    isOver = true;
    response.body.destroy();
  };
  const timer = setTimeout(end, TIMEOUT_MS);
  try {
    for await (const chunk of response.body as AsyncIterable<Buffer>) {
      size += chunk.length;
      kept = Buffer.concat([kept, chunk]);
      if (kept.length > 2 * MAX_LOG_BYTES) kept = kept.subarray(-MAX_LOG_BYTES);
      if (size > MAX_READ_BYTES) break;
    }
  } catch (error) {
    if (!isOver) throw unreadable(error);
  } finally {
    clearTimeout(timer);
    response.body.destroy();
  }
  return lastLines(kept, size);
}

function lastLines(kept: Buffer, size: number): string {
  if (size <= MAX_LOG_BYTES) return kept.toString('utf8');
  const end = kept.subarray(-MAX_LOG_BYTES);
  const lineEnd = end.indexOf('\n');
  return end.subarray(lineEnd + 1).toString('utf8');
}

function unreadable(error: unknown): DeployError {
  const { message } = error as Error;
  return new DeployError('NETWORK', `could not read the response: ${message}`, { cause: error, hint: 'Run again.' });
}
