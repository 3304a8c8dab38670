import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import type { TextDecoder } from 'node:util';
import { DeployError } from '../../model/errors.ts';
import { openText, unpackBody } from './decode-body.ts';

export interface BodyStart {
  readonly text: string;
  /** False: there was more than `maxBytes`, or enough was read of a stream. */
  readonly isWhole: boolean;
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
 * @throws DeployError NETWORK when it takes longer than `timeoutMs` or breaks off.
 */
export async function readStart(response: Response, limits: Limits): Promise<BodyStart> {
  const slow = new Error(`the body took longer than ${limits.timeoutMs} ms`);
  const timer = setTimeout(() => response.body.destroy(slow), limits.timeoutMs);
  try {
    return await readText(response, limits);
  } catch (error) {
    throw new DeployError('NETWORK', `could not read the response: ${(error as Error).message}`, {
      cause: error,
      hint: 'Check the log of the service: it closed the connection in the middle of a response.',
    });
  } finally {
    clearTimeout(timer);
    response.body.destroy();
  }
}

async function readText(response: Response, { maxBytes, isEnough }: Limits): Promise<BodyStart> {
  const isStream = ENDLESS.test(response.headers['content-type'] ?? '');
  const enough = isStream && isEnough ? isEnough : () => false;
  if (enough('')) return { text: '', isWhole: false };
  let decoder: TextDecoder | null = null;
  let text = '';
  let size = 0;
  for await (const chunk of (await unpackBody(response.headers, response.body)) as AsyncIterable<Buffer>) {
    decoder ??= openText(response.headers, chunk);
    text += decoder.decode(chunk.subarray(0, maxBytes - size), { stream: true });
    size += chunk.length;
    if (size > maxBytes || enough(text)) return { text, isWhole: false };
  }
  return { text: text + (decoder?.decode() ?? ''), isWhole: true };
}
