import { type AddressGuard, smokeTestGuards } from '../../io/address-guard.ts';
import type { Io } from '../../io/io.ts';
import type { Endpoint } from '../../model/endpoint.ts';
import { DeployError } from '../../model/errors.ts';
import { NotRun } from '../../model/inside.ts';
import type { Expectation, HttpSmokeTest } from '../../model/smoke-test.ts';
import type { Attempt } from './attempt.ts';
import { checkResponse, checkStart, isMetByStart, type SeenResponse } from './check-response.ts';
import { closedDoor, isFromLogin } from './closed-door.ts';
import { keepCookies, withCookies } from './cookies.ts';
import type { EncodedBody } from './encode-body.ts';
import { hiding } from './excerpt.ts';
import { failed, toFailedAttempt } from './failed-attempt.ts';
import { type Hop, isRedirect, planNextHop } from './follow.ts';
import type { IncomingResponse, SendRequest } from './outgoing-request.ts';
import { notRun } from './run-inside.ts';
import { sentValues } from './sent-values.ts';
import { endpointHeaders, ownEndpoint, refuseReservedHeaders, resolveLocation } from './test-address.ts';
import { limitOf } from './time-limits.ts';

export interface RequestContext {
  readonly endpoint: Endpoint | null;
  readonly encoded: Promise<EncodedBody>;
  readonly send: SendRequest;
  readonly deadline: number;
  readonly signal: AbortSignal;
}

const MAX_REDIRECTS = 5;
const PLAIN_HEADERS = { 'user-agent': 'deploy-agent', accept: '*/*' };

/** Sends the request once and checks the response. @throws Only the signal's reason. */
export async function tryRequest(test: HttpSmokeTest, context: RequestContext, io: Io): Promise<Attempt> {
  try {
    const url = resolveLocation(test.location, context.endpoint);
    const body = await context.encoded;
    const own = ownEndpoint(context.endpoint, url);
    refuseReservedHeaders(test, own);
    const headers = headersFor(test, await endpointHeaders(own), body);
    const startedAt = io.clock.now();
    const until = startedAt + limitOf(test.expect, context.deadline, startedAt);
    const { send, signal } = context;
    const { response, tookMs } = await sendAndFollow(
      test,
      {
        ...{ url, headers, body, until, endpoint: own, send, signal },
        loginHeader: context.endpoint?.loginHeader,
        // Beside the workload, addresses are private.
        guard: smokeTestGuards[test.inside ? 'any' : test.networks],
      },
      io,
    );
    const isEnough = (read: string): boolean => isMetByStart(read, test.expect);
    const { text, isWhole, cut } = await response.readBody(Math.max(1, until - io.clock.now()), isEnough);
    const durationMs = tookMs ?? io.clock.now() - startedAt;
    if (!isWhole && test.inside) refuseUnreadBody(test);
    const { status, headers: received } = response;
    const hide = hiding(io.log, sentValues(headers, url, test.body));
    const seen = { status, headers: received, body: text, bodyIsWhole: isWhole, durationMs, hide };
    if (cut) return checkCut(cut, seen, test.expect, context.signal);
    return checkResponse(seen, test.expect);
  } catch (error) {
    if (error instanceof NotRun && !context.signal.aborted) return notRun(error);
    return toFailedAttempt(error, context.signal);
  }
}

/** What came says more than that the rest did not. @throws DeployError NETWORK where it is as expected; the signal's reason */
function checkCut(cut: DeployError, seen: SeenResponse, expected: Expectation, signal: AbortSignal): Attempt {
  signal.throwIfAborted();
  const failure = checkStart(seen, expected);
  if (!failure) throw cut;
  return failed(failure.reason, failure.detail);
}

/** What of a longer body came is not kept there. */
function refuseUnreadBody({ expect: { contains, json } }: HttpSmokeTest): void {
  if (contains === null && json === null) return;
  throw new DeployError(
    'SMOKE_TEST_FAILED',
    'could not check the body: with `in-cluster: true` it has 128 KiB at most',
    {
      hint: 'Test an address with a shorter response, or leave out `in-cluster`.',
    },
  );
}

function headersFor(
  test: HttpSmokeTest,
  own: Readonly<Record<string, string>>,
  body: EncodedBody,
): Record<string, string> {
  const isForm = body.contentType?.startsWith('multipart/') ?? false;
  const type = body.contentType === null ? {} : { 'content-type': body.contentType };
  // A form's type names its boundary, so there ours comes last.
  return {
    ...PLAIN_HEADERS,
    ...type,
    ...own,
    ...Object.fromEntries(test.headers),
    ...(isForm ? type : {}),
  };
}

interface Outgoing {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: EncodedBody;
  /** Milliseconds since 1970. */
  readonly until: number;
  /** null: the request goes to another origin. */
  readonly endpoint: Endpoint | null;
  /** See `Endpoint`. */
  readonly loginHeader: string | undefined;
  readonly send: SendRequest;
  readonly guard: AddressGuard;
  readonly signal: AbortSignal;
}

interface Followed {
  readonly response: IncomingResponse;
  /** Of all requests together; null: nothing measured them. */
  readonly tookMs: number | null;
}

async function sendAndFollow(test: HttpSmokeTest, outgoing: Outgoing, io: Io): Promise<Followed> {
  // Who expects a redirect wants to see it.
  const follows = test.expect.status === null || test.expect.status < 300 || test.expect.status > 399;
  let hop: Hop = { method: test.method, url: outgoing.url, isTrusted: true, hasBody: outgoing.body.bytes !== null };
  let tookMs: number | null = null;
  let { until } = outgoing;
  const cookies = new Map<string, string>();
  for (let redirects = 0; ; redirects++) {
    const sentAt = io.clock.now();
    const response = await sendHop(hop, { ...outgoing, until, headers: withCookies(outgoing.headers, cookies) }, io);
    // What another origin sets goes nowhere: nothing of ours is sent there, and no later hop is trusted.
    if (hop.isTrusted) keepCookies(response.headers['set-cookie'], cookies, io.clock.now());
    if (response.tookMs !== null) {
      tookMs = (tookMs ?? 0) + response.tookMs;
      // What it took beside the request is not the service's time.
      until += io.clock.now() - sentAt - response.tookMs;
    }
    const { status, headers } = response;
    const isByLogin = isFromLogin(headers, outgoing.loginHeader);
    if (!isByLogin && (!follows || !isRedirect(status, headers.location))) return { response, tookMs };
    // What isn't read keeps the connection, and with it the process.
    response.discard();
    if (isByLogin) throw closedDoor(`status ${status}, with the header ${outgoing.loginHeader}`);
    if (redirects === MAX_REDIRECTS) throw endlessRedirects();
    hop = planNextHop(hop, { status, location: headers.location ?? '' }, test.followAnywhere);
  }
}

function endlessRedirects(): DeployError {
  return new DeployError('SMOKE_TEST_FAILED', `could not follow the redirects: more than ${MAX_REDIRECTS}`, {
    hint: 'Test the address at which they end, or expect the redirect itself with `status: 302`.',
  });
}

async function sendHop(
  hop: Hop,
  { headers, body, until, endpoint, send, signal, guard }: Outgoing,
  io: Pick<Io, 'clock'>,
): Promise<IncomingResponse> {
  const connection = hop.isTrusted ? (endpoint?.connection ?? null) : null;
  // An address with a connection of its own comes from the platform: an API server may be in a private network.
  if (!connection) guard.ensureAllowedHost(hop.url);
  const bytes = hop.hasBody ? body.bytes : null;
  const { 'content-type': contentType, ...others } = headers;
  const sent = hop.isTrusted ? others : PLAIN_HEADERS;
  return await send({
    method: hop.method,
    url: hop.url,
    headers: { ...sent, ...(bytes && contentType ? { 'content-type': contentType } : {}) },
    body: bytes,
    timeoutMs: Math.max(1, until - io.clock.now()),
    connection,
    signal,
    guard,
  });
}
