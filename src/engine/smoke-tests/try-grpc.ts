import type { IncomingHttpHeaders } from 'node:http';
import { smokeTestGuards } from '../../io/address-guard.ts';
import type { Io } from '../../io/io.ts';
import { formatDuration } from '../../model/duration.ts';
import type { Endpoint } from '../../model/endpoint.ts';
import { DeployError } from '../../model/errors.ts';
import type { GrpcSmokeTest } from '../../model/smoke-test.ts';
import type { Attempt } from './attempt.ts';
import { callHttp2, type Http2Response } from './call-http2.ts';
import { refuseLogin } from './closed-door.ts';
import { excerpt, type Hide, hiding } from './excerpt.ts';
import { failed, toFailedAttempt } from './failed-attempt.ts';
import { decodeHealthStatus, encodeHealthCheck } from './grpc-message.ts';
import { cutBy } from './read-start.ts';
import { sentValues } from './sent-values.ts';
import { endpointHeaders, ownEndpoint, refuseReservedHeaders, resolveLocation } from './test-address.ts';
import { type ChannelContext, limitOf } from './time-limits.ts';

const CHECK = '/grpc.health.v1.Health/Check';

/** Asks once, and compares the status. @throws Only the signal's reason. */
export async function tryGrpc(test: GrpcSmokeTest, context: ChannelContext, io: Io): Promise<Attempt> {
  const { endpoint, signal } = context;
  try {
    const base = resolveLocation(test.location, endpoint);
    const url = new URL(`${base.href.replace(/\/+$/, '')}${CHECK}`);
    const own = ownEndpoint(endpoint, url);
    refuseProxiedApi(own);
    refuseReservedHeaders(test, own);
    const guard = smokeTestGuards[test.networks];
    if (!own?.connection) guard.ensureAllowedHost(url);
    const startedAt = io.clock.now();
    const timeoutMs = limitOf(test, context.deadline, startedAt);
    const headers = await headersFor(test, own, timeoutMs);
    const body = encodeHealthCheck(test.service);
    const outgoing = { method: 'POST', url, headers, body, timeoutMs, connection: own?.connection ?? null, guard };
    const response = await callHttp2({ ...outgoing, signal }, io);
    try {
      refuseLogin(response, url, endpoint?.loginHeader);
      const leftMs = Math.max(1, startedAt + timeoutMs - io.clock.now());
      const answer = await readAnswer(response, leftMs);
      signal.throwIfAborted();
      const hide = hiding(io.log, sentValues(headers, url));
      return checkAnswer(answer, test, { hide, durationMs: io.clock.now() - startedAt });
    } finally {
      response.close();
    }
  } catch (error) {
    return toFailedAttempt(error, signal);
  }
}

/** The API server's proxy speaks HTTP/1.1 with the pods. */
function refuseProxiedApi(endpoint: Endpoint | null): void {
  if (!endpoint?.reservedHeaders) return;
  throw new DeployError('UNSUPPORTED', 'could not call gRPC here: this address passes HTTP/1.1 on only', {
    hint: 'Write the full URL of the service in `url`, or run a client in the cluster (`run:` with `in-cluster: true`).',
  });
}

async function headersFor(test: GrpcSmokeTest, own: Endpoint | null, timeoutMs: number) {
  return {
    'user-agent': 'deploy-agent',
    ...(await endpointHeaders(own)),
    ...Object.fromEntries(test.headers),
    'content-type': 'application/grpc',
    te: 'trailers',
    'grpc-accept-encoding': 'identity',
    'grpc-timeout': `${Math.max(1, Math.floor(timeoutMs))}m`,
  };
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Those after the body, or instead of it. */
  readonly trailers: IncomingHttpHeaders;
  /** As much of it as came. */
  readonly body: Buffer;
  /** Why the rest did not come; null: it is whole. */
  readonly cut: DeployError | null;
}

const MOST_BODY_BYTES = 65_536;

async function readAnswer({ status, headers, stream }: Http2Response, timeoutMs: number): Promise<Answer> {
  let trailers: IncomingHttpHeaders = headers;
  stream.on('trailers', (received) => {
    trailers = received as IncomingHttpHeaders;
  });
  const chunks: Buffer[] = [];
  let size = 0;
  let cut: DeployError | null = null;
  let isSlow = false;
  const timer = setTimeout(() => {
    isSlow = true;
    stream.destroy(new Error('it took too long'));
  }, timeoutMs);
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      size += chunk.length;
      if (size > MOST_BODY_BYTES) throw new Error(`it is longer than ${MOST_BODY_BYTES} bytes`);
    }
  } catch (error) {
    cut = cutBy(error as Error, isSlow ? timeoutMs : null);
  } finally {
    clearTimeout(timer);
  }
  return { status, headers, trailers, body: Buffer.concat(chunks), cut };
}

const NOT_FOUND = '5';
const UNIMPLEMENTED = '12';

function checkAnswer(
  { status, headers, trailers, body, cut }: Answer,
  test: GrpcSmokeTest,
  { hide, durationMs }: { readonly hide: Hide; readonly durationMs: number },
): Attempt {
  const took = formatDuration(durationMs);
  const type = headers['content-type'] ?? '';
  // `application/grpc-web` is another protocol, as proxies for browsers speak it.
  const isGrpc = status === 200 && /^application\/grpc(?:[+;]|\s*$)/i.test(type);
  if (!isGrpc) {
    const isWeb = status === 200 && /^application\/grpc-web\b/i.test(type);
    const reason = `expected an answer of gRPC, got ${isWeb ? 'one of gRPC-Web' : `status ${status}`}`;
    if (isWeb) return failed(reason);
    return failed(reason, body.length === 0 ? reason : `${reason}: ${excerpt(body.toString(), hide)}`);
  }
  if (cut) throw cut;
  const code = textOf(trailers['grpc-status']);
  if (code === null) return failed('expected an answer of gRPC, got one without grpc-status');
  if (code !== '0') {
    const reason = `expected SERVING, got ${describeCode(code, test)}`;
    const said = decode(textOf(trailers['grpc-message']) ?? '');
    return failed(reason, said === '' ? reason : `${reason}: ${excerpt(said, hide)}`);
  }
  const serving = decodeHealthStatus(body);
  if (serving === null) return failed('expected the answer of a health service, got another message');
  if (serving !== 'SERVING') return failed(`expected SERVING, got ${serving}`);
  if (test.withinMs !== null && durationMs > test.withinMs) {
    const reason = `expected the answer within ${formatDuration(test.withinMs)}`;
    return failed(reason, `${reason}, it took ${took}`);
  }
  return { passed: true, final: false, reason: 'passed', detail: `SERVING in ${took}` };
}

function describeCode(code: string, { service }: GrpcSmokeTest): string {
  if (code === NOT_FOUND)
    return `status 5: the health service does not know ${service === '' ? 'the server' : service}`;
  if (code === UNIMPLEMENTED) return 'status 12: the server has no health service (grpc.health.v1.Health)';
  return `status ${/^\d{1,5}$/.test(code) ? code : 'that is no number'}`;
}

function textOf(header: string | readonly string[] | undefined): string | null {
  return typeof header === 'string' ? header : null;
}

/** It is percent-encoded. */
function decode(message: string): string {
  try {
    return decodeURIComponent(message);
  } catch {
    return message;
  }
}
