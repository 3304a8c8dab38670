import type { IncomingMessage } from 'node:http';
import WebSocket from 'ws';
import { smokeTestGuards } from '../../io/address-guard.ts';
import { adviceFor, reasonOf } from '../../io/connection-advice.ts';
import type { Io } from '../../io/io.ts';
import { formatDuration } from '../../model/duration.ts';
import { DeployError } from '../../model/errors.ts';
import type { WebSocketSmokeTest } from '../../model/smoke-test.ts';
import type { Attempt } from './attempt.ts';
import { refuseLogin } from './closed-door.ts';
import { excerpt, type Hide, hiding } from './excerpt.ts';
import { failed, toFailedAttempt } from './failed-attempt.ts';
import { findMessage } from './find-message.ts';
import { readStart } from './read-start.ts';
import { sentValues } from './sent-values.ts';
import { endpointHeaders, ownEndpoint, refuseReservedHeaders, resolveLocation } from './test-address.ts';
import { type ChannelContext, limitOf } from './time-limits.ts';

const MOST_MESSAGE_BYTES = 1024 * 1024;
const MOST_BODY_BYTES = 65_536;
/** For the other side to close too. */
const CLOSE_MS = 500;
/** For the body of a refusal. */
const QUOTE_MS = 2_000;

/** Opens it once, and waits for the message that is expected. @throws Only the signal's reason. */
export async function tryWebSocket(test: WebSocketSmokeTest, context: ChannelContext, io: Io): Promise<Attempt> {
  const { endpoint, signal } = context;
  let channel: WebSocket | null = null;
  try {
    const url = resolveLocation(test.location, endpoint);
    url.hash = '';
    const own = ownEndpoint(endpoint, url);
    refuseReservedHeaders(test, own);
    const guard = smokeTestGuards[test.networks];
    if (!own?.connection) guard.ensureAllowedHost(url);
    const startedAt = io.clock.now();
    const until = startedAt + limitOf(test, context.deadline, startedAt);
    const leftMs = (): number => Math.max(1, until - io.clock.now());
    const headers = {
      'user-agent': 'deploy-agent',
      ...(await endpointHeaders(own)),
      ...Object.fromEntries(test.headers),
    };
    const over = own?.connection ? { tls: own.connection } : { lookup: guard.lookup };
    const socket = await io.http.connect({ url, protocols: ['http/1.1'], timeoutMs: leftMs(), signal, ...over });
    channel = new WebSocket(url, test.protocol === null ? [] : [test.protocol], {
      createConnection: () => socket,
      headers,
      maxPayload: MOST_MESSAGE_BYTES,
      perMessageDeflate: false,
    });
    const hide = hiding(io.log, sentValues(headers, url, { kind: 'text', text: test.message ?? '' }));
    // A service may greet in the packet that opens it.
    const finding = findMessage(channel, test, { until, signal, hide, clock: io.clock });
    finding.catch(() => undefined);
    const refused = await opened(channel, { url, timeoutMs: leftMs(), signal });
    if (refused)
      return await checkRefusal(refused, { url, loginHeader: endpoint?.loginHeader, hide, timeoutMs: leftMs() });
    const failure = await finding;
    return failure ?? checkWithin(test, io.clock.now() - startedAt);
  } catch (error) {
    return toFailedAttempt(error, signal);
  } finally {
    if (channel) await close(channel);
  }
}

/** The response instead of a WebSocket; null: it is open. @throws DeployError NETWORK */
async function opened(
  channel: WebSocket,
  { url, timeoutMs, signal }: { readonly url: URL; readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<IncomingMessage | null> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage | null>();
  const abort = (): void => reject(signal.reason as Error);
  const timer = setTimeout(() => reject(unreachable(url, new Error(`no answer within ${timeoutMs} ms`))), timeoutMs);
  signal.addEventListener('abort', abort, { once: true });
  // The listener stays: an error that no one listens to ends the process.
  channel.on('error', (error) => reject(unreachable(url, error)));
  channel.once('open', () => resolve(null));
  channel.once('unexpected-response', (_, response) => resolve(response));
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
  }
}

/** How `ws` begins what it says of a response with the status 101. */
const HANDSHAKE = /^(?:Server sent|Invalid (?:Sec-WebSocket-|Upgrade))/;
const NOT_THIS =
  'The server answered, but not as RFC 6455 wants it: check the path and `protocol`, and what is in front of it.';

function unreachable({ host }: URL, error: NodeJS.ErrnoException): DeployError {
  const message = `could not open a WebSocket to ${host}: ${reasonOf(error)}`;
  const hint = HANDSHAKE.test(error.message) ? { hint: NOT_THIS } : {};
  return new DeployError('NETWORK', message, { cause: error, ...adviceFor(error), ...hint });
}

interface Refusal {
  readonly url: URL;
  readonly loginHeader: string | undefined;
  readonly hide: Hide;
  readonly timeoutMs: number;
}

async function checkRefusal(response: IncomingMessage, { url, loginHeader, hide, timeoutMs }: Refusal) {
  const { statusCode: status = 0, headers } = response;
  try {
    refuseLogin({ status, headers }, url, loginHeader);
    const reason = `expected a WebSocket, got status ${status}`;
    // Only to quote it: one that does not end changes nothing.
    const limits = { maxBytes: MOST_BODY_BYTES, timeoutMs: Math.min(timeoutMs, QUOTE_MS) };
    const { text } = await readStart({ headers, body: response }, limits);
    return failed(reason, text.trim() === '' ? reason : `${reason}: ${excerpt(text, hide)}`);
  } finally {
    response.destroy();
  }
}

function checkWithin({ withinMs, message, expect }: WebSocketSmokeTest, durationMs: number): Attempt {
  const took = formatDuration(durationMs);
  if (withinMs !== null && durationMs > withinMs) {
    const reason = `expected it within ${formatDuration(withinMs)}`;
    return failed(reason, `${reason}, it took ${took}`);
  }
  const isAnswered = Object.values(expect).some((value) => value !== null);
  const unanswered = message === null ? 'open' : 'open, and the message sent,';
  return { passed: true, final: false, reason: 'passed', detail: `${isAnswered ? 'answered' : unanswered} in ${took}` };
}

/** As the protocol asks for, and without the other side where that doesn't answer. */
async function close(channel: WebSocket): Promise<void> {
  if (channel.readyState !== WebSocket.OPEN) return channel.terminate();
  const { promise, resolve } = Promise.withResolvers<void>();
  channel.once('close', () => resolve());
  const timer = setTimeout(() => channel.terminate(), CLOSE_MS);
  channel.close(1000);
  await promise.finally(() => clearTimeout(timer));
}
