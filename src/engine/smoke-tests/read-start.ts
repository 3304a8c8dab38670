import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import type { TextDecoder } from 'node:util';
import { formatDuration } from '../../model/duration.ts';
import { DeployError } from '../../model/errors.ts';
import { openText, unpackBody } from './decode-body.ts';

export interface BodyStart {
  readonly text: string;
  /** False: there was more than `maxBytes`, enough was read of a stream, or it was cut. */
  readonly isWhole: boolean;
  /** NETWORK: why the rest did not come. What came may be enough to say what is wrong. */
  readonly cut?: DeployError;
}

interface Response {
  readonly headers: IncomingHttpHeaders;
  readonly body: Readable;
}

interface Limits {
  /** Of the unpacked body. */
  readonly maxBytes: number;
  readonly timeoutMs: number;
  /** Of a stream that may never end, whether nothing more has to be read; absent: that is never so. */
  readonly isEnough?: (text: string) => boolean;
}

/** Server-sent events, rows of JSON and pictures that replace each other come for as long as the connection lasts. */
const ENDLESS =
  /^(?:text\/event-stream|application\/(?:x-)?(?:ndjson|jsonl|jsonlines|json-lines|json-seq|json-stream|stream\+json)|multipart\/x-mixed-replace)\b/i;

/**
 * The first `maxBytes` of a body, unpacked and as text; the rest is not received. A health page may be of any length.
 * Throws nothing.
 */
export async function readStart(response: Response, limits: Limits): Promise<BodyStart> {
  const read = { text: '' };
  let isSlow = false;
  const timer = setTimeout(() => {
    isSlow = true;
    response.body.destroy(new Error('it took too long'));
  }, limits.timeoutMs);
  try {
    return await readText(response, limits, read);
  } catch (error) {
    return { text: read.text, isWhole: false, cut: cutBy(error as Error, isSlow ? limits.timeoutMs : null) };
  } finally {
    clearTimeout(timer);
    response.body.destroy();
  }
}

/** `waitedMs`: how long its end was waited for; null: something else ended it. */
export function cutBy(error: Error, waitedMs: number | null): DeployError {
  if (waitedMs === null) {
    return new DeployError('NETWORK', `could not read the response: ${error.message}`, {
      cause: error,
      hint: 'Check the log of the service: it closed the connection in the middle of a response.',
    });
  }
  return new DeployError('NETWORK', `could not read the response: it did not end within ${formatDuration(waitedMs)}`, {
    cause: error,
    hint: 'Check why the service does not end its response; if it needs longer, raise `within`.',
  });
}

/** `read` holds what came, also when it throws. */
async function readText(
  response: Response,
  { maxBytes, isEnough }: Limits,
  read: { text: string },
): Promise<Pick<BodyStart, 'text' | 'isWhole'>> {
  const enough = isStream(response.headers) && isEnough ? isEnough : () => false;
  if (enough('')) return { text: '', isWhole: false };
  let decoder: TextDecoder | null = null;
  let size = 0;
  for await (const chunk of (await unpackBody(response.headers, response.body)) as AsyncIterable<Buffer>) {
    decoder ??= openText(response.headers, chunk);
    read.text += decoder.decode(chunk.subarray(0, maxBytes - size), { stream: true });
    size += chunk.length;
    if (size > maxBytes || enough(read.text)) return { text: read.text, isWhole: false };
  }
  return { text: read.text + (decoder?.decode() ?? ''), isWhole: true };
}

/** May it come for as long as the connection lasts? */
export function isStream(headers: IncomingHttpHeaders): boolean {
  return ENDLESS.test(headers['content-type'] ?? '');
}
