import type { Writable } from 'node:stream';
import { type HttpRequest, type HttpResponse, readBody } from '../../io/http.ts';
import type { Io } from '../../io/io.ts';
import { type RetryPolicy, retryTransient } from '../../io/retry-transient.ts';
import { neverAborted } from '../../io/signals.ts';
import { DeployError } from '../../model/errors.ts';
import type { ClusterAccess, ClusterCredentials } from '../cluster-login.ts';
import type { BodyKind, Query } from './api.ts';

/** Where requests go, and how. */
export interface Line {
  readonly io: Pick<Io, 'clock' | 'http'>;
  readonly access: ClusterAccess;
}

export interface Asked {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Query;
  readonly body?: unknown;
  readonly kind?: BodyKind;
  /** What the answer may be in; JSON unless it is given. */
  readonly accept?: string;
  readonly signal?: AbortSignal;
}

export interface Answer {
  readonly status: number;
  readonly headers: HttpResponse['headers'];
  readonly text: string;
}

const READ_TIMEOUT_MS = 20_000;
// The API server itself ends a request after 60 s (--request-timeout): when we stop waiting for a change, it has ended.
const CHANGE_TIMEOUT_MS = 65_000;
const LOGINS: RetryPolicy = { tries: 4, firstDelayMs: 500 };
const REFUSED_PAUSE_MS = 1_000;
const BODY_TIMEOUT_MS = 30_000;
/** 500 Pods have about 5 MB. */
const MAX_BYTES = 32 * 1024 * 1024;

const CONTENT_TYPES: Readonly<Record<BodyKind, string>> = {
  json: 'application/json',
  'strategic-merge-patch': 'application/strategic-merge-patch+json',
  'merge-patch': 'application/merge-patch+json',
  'json-patch': 'application/json-patch+json',
  // JSON is YAML.
  'apply-patch': 'application/apply-patch+yaml',
};

/**
 * Sends a request, and once more after a 401, which had no effect: with renewed credentials, or after a pause where they can't
 * be renewed.
 * @param read gets the body of an answer
 * @throws DeployError, or the signal's reason
 */
export async function exchange(
  { io, access }: Line,
  asked: Asked,
  read: (response: HttpResponse) => Promise<string> = readWhole,
): Promise<Answer> {
  const url = urlOf(access.server, asked);
  const logIn = openLogIn({ io, access }, asked);
  let credentials = await logIn(null);
  let response = await send(io, url, asked, credentials);
  if (response.status === 401) {
    await readWhole(response);
    const renewed = await logIn(credentials);
    // An API server that can't reach what checks its tokens refuses good ones too, for a moment.
    if (renewed === credentials) await io.clock.sleep(REFUSED_PAUSE_MS, asked.signal);
    credentials = renewed;
    response = await send(io, url, asked, credentials);
  }
  const text = response.status === 200 ? await read(response) : await readWhole(response);
  return { status: response.status, headers: response.headers, text };
}

/** Before a change nothing was sent yet, so what only failed to log in is tried again here; a read is tried again as a whole. */
function openLogIn({ io, access }: Line, { method }: Asked): ClusterAccess['credentials'] {
  if (method === 'GET') return (refused) => access.credentials(refused);
  return (refused) =>
    retryTransient(() => access.credentials(refused), LOGINS, { clock: io.clock, signal: neverAborted });
}

/** A server may have a path of its own, which comes first: `https://connect.example/v1/clusters/shop`. */
export function urlOf(server: URL, { path, query = {} }: Pick<Asked, 'path' | 'query'>): URL {
  const url = new URL(`${server.origin}${server.pathname.replace(/\/+$/, '')}${path}`);
  for (const [name, value] of Object.entries(query))
    if (value !== undefined) url.searchParams.append(name, String(value));
  return url;
}

async function send(
  io: Pick<Io, 'http'>,
  url: URL,
  asked: Asked,
  { headers, connection }: ClusterCredentials,
): Promise<HttpResponse> {
  const { method, accept = 'application/json', signal = neverAborted } = asked;
  const own = { accept, 'user-agent': 'deploy-agent', ...headers };
  const timeoutMs = method === 'GET' ? READ_TIMEOUT_MS : CHANGE_TIMEOUT_MS;
  const request: HttpRequest = { method, url, headers: own, timeoutMs, tls: connection };
  try {
    return await io.http.send(method === 'GET' ? { ...request, signal } : withBody(request, asked));
  } catch (error) {
    throw explainCertificate(error);
  }
}

/** Written by ourselves, as `io.http` sends a PUT or DELETE again when its connection turns out to be closed. */
function withBody(request: HttpRequest, { body, kind = 'json' }: Asked): HttpRequest {
  const bytes = Buffer.from(body === undefined ? '' : JSON.stringify(body));
  const content = bytes.length === 0 ? {} : { 'content-type': CONTENT_TYPES[kind] };
  const headers = { ...request.headers, ...content, 'content-length': String(bytes.length) };
  return { ...request, headers, body: async (outgoing: Writable) => void (bytes.length > 0 && outgoing.write(bytes)) };
}

function readWhole(response: HttpResponse): Promise<string> {
  return readBody(response, { maxBytes: MAX_BYTES, timeoutMs: BODY_TIMEOUT_MS }).then(String);
}

const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO_|ERR_TLS|ERR_SSL/;

/** A firewall is not what stops these. */
function explainCertificate(error: unknown): unknown {
  const code = error instanceof DeployError ? String((error.cause as { code?: unknown } | undefined)?.code ?? '') : '';
  if (!(error instanceof DeployError) || !CERTIFICATE.test(code)) return error;
  return new DeployError(error.code, error.message, {
    cause: error.cause,
    hint: 'Check the certificate authority and `tls-server-name` of the cluster in the kubeconfig, and that no proxy between here and the cluster opens TLS.',
  });
}
