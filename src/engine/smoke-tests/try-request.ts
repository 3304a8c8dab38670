import { ensureAllowedHost, guardedLookup } from '../../io/address-guard.ts';
import type { HttpResponse } from '../../io/http.ts';
import type { Io } from '../../io/io.ts';
import type { Endpoint } from '../../model/endpoint.ts';
import { DeployError } from '../../model/errors.ts';
import { joinSentences } from '../../model/sentences.ts';
import type { HttpSmokeTest } from '../../model/smoke-test.ts';
import type { Attempt } from './attempt.ts';
import { checkResponse } from './check-response.ts';
import type { EncodedBody } from './encode-body.ts';
import { excerpt } from './excerpt.ts';
import { type Hop, isRedirect, planNextHop } from './follow.ts';
import { readStart } from './read-start.ts';
import { sentValues } from './sent-values.ts';

export interface RequestContext {
  readonly endpoint: Endpoint | null;
  readonly encoded: Promise<EncodedBody>;
  readonly deadline: number;
  readonly signal: AbortSignal;
}

const TIMEOUT_MS = 30_000;
const GRACE_AFTER_WITHIN_MS = 1_000;
const MAX_BODY_BYTES = 1024 * 1024;
const MAX_REDIRECTS = 5;
const PLAIN_HEADERS = { 'user-agent': 'deploy-agent', accept: '*/*' };

/** Sends the request once and checks the response. @throws Only the signal's reason. */
export async function tryRequest(test: HttpSmokeTest, context: RequestContext, io: Io): Promise<Attempt> {
  try {
    const url = resolveLocation(test.location, context.endpoint);
    const body = await context.encoded;
    const own = ownEndpoint(context.endpoint, url);
    refuseReservedHeaders(test, own);
    const headers = headersFor(test, (await own?.headers()) ?? {}, body);
    const startedAt = io.clock.now();
    const timeoutMs = test.expect.withinMs === null ? TIMEOUT_MS : test.expect.withinMs + GRACE_AFTER_WITHIN_MS;
    const until = Math.min(startedAt + timeoutMs, context.deadline);
    const response = await sendAndFollow(
      test,
      { url, headers, body, until, endpoint: own, signal: context.signal },
      io,
    );
    const leftMs = Math.max(1, until - io.clock.now());
    const { text, isWhole } = await readStart(response, { maxBytes: MAX_BODY_BYTES, timeoutMs: leftMs });
    const durationMs = io.clock.now() - startedAt;
    const { status, headers: received } = response;
    const secrets = sentValues(headers, url, test.body);
    return checkResponse(
      { status, headers: received, body: text, bodyIsWhole: isWhole, durationMs, secrets },
      test.expect,
    );
  } catch (error) {
    context.signal.throwIfAborted();
    if (!(error instanceof DeployError)) throw error;
    const detail = excerpt(joinSentences(error.message, error.hint), [], 300).slice(1, -1);
    const isUnanswered = error.code === 'NETWORK';
    return { passed: false, reason: detail, detail, final: error.code === 'INPUT_INVALID', isUnanswered };
  }
}

/** Concatenated, not resolved: as a relative reference, `//host/path` would be another host. */
function resolveLocation(location: string, endpoint: Endpoint | null): URL {
  if (!location.startsWith('/')) return new URL(location);
  if (!endpoint) {
    throw new DeployError('INPUT_INVALID', 'could not request a path: no base URL is known', {
      hint: 'Set `url`, or write the full URL.',
    });
  }
  const base = new URL(endpoint.url);
  return new URL(`${base.origin}${base.pathname.replace(/\/+$/, '')}${location}`);
}

/** Its headers and its connection are for that origin only. */
function ownEndpoint(endpoint: Endpoint | null, url: URL): Endpoint | null {
  return endpoint && new URL(endpoint.url).origin === url.origin ? endpoint : null;
}

/** Sent without it, the service would answer something else than the test is about. */
function refuseReservedHeaders(test: HttpSmokeTest, endpoint: Endpoint | null): void {
  const reserved = [...test.headers.keys()].find((name) => endpoint?.reservedHeaders?.includes(name.toLowerCase()));
  if (reserved === undefined) return;
  throw new DeployError('INPUT_INVALID', `could not send the header ${reserved}: this address does not pass it on`, {
    hint: 'Send the request from a command (`run:`) or to the full URL of the service, or leave out the header.',
  });
}

function headersFor(
  test: HttpSmokeTest,
  own: Readonly<Record<string, string>>,
  body: EncodedBody,
): Record<string, string> {
  const isForm = body.contentType?.startsWith('multipart/') ?? false;
  const type = body.contentType === null ? {} : { 'content-type': body.contentType };
  const lowerCased = Object.entries(own).map(([name, value]) => [name.toLowerCase(), value]);
  // A form's type names its boundary, so there ours comes last.
  return {
    ...PLAIN_HEADERS,
    ...type,
    ...Object.fromEntries(lowerCased),
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
  readonly signal: AbortSignal;
}

async function sendAndFollow(test: HttpSmokeTest, outgoing: Outgoing, io: Io): Promise<HttpResponse> {
  // Who expects a redirect wants to see it.
  const follows = test.expect.status === null || test.expect.status < 300 || test.expect.status > 399;
  let hop: Hop = { method: test.method, url: outgoing.url, isTrusted: true, hasBody: outgoing.body.bytes !== null };
  for (let redirects = 0; ; redirects++) {
    const response = await sendHop(hop, outgoing, io);
    const { location } = response.headers;
    if (!follows || !isRedirect(response.status, location)) return response;
    response.body.destroy();
    if (redirects === MAX_REDIRECTS) throw endlessRedirects();
    hop = planNextHop(hop, { status: response.status, location }, test.followAnywhere);
  }
}

function endlessRedirects(): DeployError {
  return new DeployError('SMOKE_TEST_FAILED', `could not follow the redirects: more than ${MAX_REDIRECTS}`, {
    hint: 'Test the address at which they end, or expect the redirect itself with `status: 302`.',
  });
}

async function sendHop(hop: Hop, { headers, body, until, endpoint, signal }: Outgoing, io: Io): Promise<HttpResponse> {
  const connection = hop.isTrusted ? (endpoint?.connection ?? null) : null;
  // An address with a connection of its own comes from the platform: an API server may be in a private network.
  if (!connection) ensureAllowedHost(hop.url);
  const bytes = hop.hasBody ? body.bytes : null;
  const { 'content-type': contentType, ...others } = headers;
  const sent = hop.isTrusted ? others : PLAIN_HEADERS;
  return await io.http.send({
    method: hop.method,
    url: hop.url,
    // Node sends a body of DELETE without its length unless it is told.
    headers: {
      ...sent,
      ...(bytes && contentType ? { 'content-type': contentType, 'content-length': `${bytes.length}` } : {}),
    },
    ...(bytes ? { body: bytes } : {}),
    timeoutMs: Math.max(1, until - io.clock.now()),
    signal,
    ...(connection ? { tls: connection } : { lookup: guardedLookup }),
  });
}
