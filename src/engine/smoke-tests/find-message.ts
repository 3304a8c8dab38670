import type { RawData, WebSocket } from 'ws';
import type { Clock } from '../../io/clock.ts';
import { formatDuration } from '../../model/duration.ts';
import type { ContentExpectation, WebSocketSmokeTest } from '../../model/smoke-test.ts';
import type { Attempt } from './attempt.ts';
import { checkContent } from './check-response.ts';
import { excerpt, type Hide } from './excerpt.ts';
import { failed } from './failed-attempt.ts';

const MOST_MESSAGES = 1_000;
const NOTHING: ContentExpectation = { contains: null, matches: null, not: null, json: null };
const MOST_BYTES = 16 * 1024 * 1024;

interface Limits {
  /** Milliseconds since 1970. */
  readonly until: number;
  readonly signal: AbortSignal;
  readonly hide: Hide;
  readonly clock: Clock;
}

/**
 * Sends the message when the channel is open, and reads until one of the answers is as expected: null. Text that must not occur fails it at once.
 * @returns why it failed
 * @throws the signal's reason
 */
export async function findMessage(
  channel: WebSocket,
  { message, expect }: Pick<WebSocketSmokeTest, 'message' | 'expect'>,
  { until, signal, hide, clock }: Limits,
): Promise<Attempt | null> {
  const { promise, resolve, reject } = Promise.withResolvers<Attempt | null>();
  const abort = (): void => reject(signal.reason as Error);
  const startedAt = clock.now();
  const seen = { messages: 0, bytes: 0, last: null as string | null };
  const giveUp = (how: string): void => resolve(describeMiss(how, seen));
  const timeUp = (): void => giveUp(`within ${formatDuration(clock.now() - startedAt)}`);
  const timer = setTimeout(timeUp, Math.max(1, until - clock.now()));
  signal.addEventListener('abort', abort, { once: true });
  const read = (data: RawData): void => {
    const body = toText(data);
    seen.messages += 1;
    seen.bytes += Buffer.byteLength(body);
    const content = { body, bodyIsWhole: true, hide, noun: 'message' };
    const unwanted = checkContent(content, { ...NOTHING, not: expect.not });
    const failure = unwanted ?? checkContent(content, expect);
    seen.last = failure?.detail ?? seen.last;
    if (failure === null) resolve(null);
    else if (unwanted) resolve(failed(unwanted.reason, unwanted.detail));
    else if (seen.messages >= MOST_MESSAGES || seen.bytes > MOST_BYTES) giveUp('before it was too much');
    // A slow comparison keeps the timer from running.
    else if (clock.now() >= until) timeUp();
  };
  channel.on('message', read);
  channel.on('error', (error) => giveUp(`before the connection broke (${error.message})`));
  channel.once('close', (code, reason) =>
    giveUp(`before the service closed it (${describeClose(code, reason, hide)})`),
  );
  channel.once('open', () => {
    if (message !== null) channel.send(message);
    if (!expectsMessage(expect)) resolve(null);
  });
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
    channel.off('message', read);
  }
}

function expectsMessage(expect: ContentExpectation): boolean {
  return Object.values(expect).some((value) => value !== null);
}

function describeMiss(how: string, { messages, last }: { readonly messages: number; readonly last: string | null }) {
  if (last === null) return failed(`expected a message, got none ${how}`);
  const reason = `no message was as expected ${how}`;
  return failed(reason, `${reason}; the last of ${messages}: ${last}`);
}

function describeClose(code: number, reason: Buffer, hide: Hide): string {
  return reason.length === 0 ? `code ${code}` : `code ${code}: ${excerpt(reason.toString(), hide)}`;
}

function toText(data: RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString();
  return Buffer.isBuffer(data) ? data.toString() : Buffer.from(data).toString();
}
