import type { Io } from '../../io/io.ts';
import type { HttpSmokeTest } from '../../model/smoke-test.ts';
import type { IncomingResponse, OutgoingRequest, SendRequest } from './outgoing-request.ts';
import { readStart } from './read-start.ts';

const MAX_BODY_BYTES = 1024 * 1024;

/** From the runner: by HTTP/1.1, and by HTTP/2 where the server takes nothing else, or the test asks for it. */
export function sendFromHere({ isHttp2 }: Pick<HttpSmokeTest, 'isHttp2'>, io: Pick<Io, 'http' | 'clock'>): SendRequest {
  const onlyHttp2 = new Set<string>();
  return async (request) => {
    const { origin } = request.url;
    try {
      if (!isHttp2 && !onlyHttp2.has(origin)) return await sendByHttp1(request, io);
    } catch (error) {
      if (!takesOnlyHttp2(error)) throw error;
      onlyHttp2.add(origin);
    }
    const { callHttp2 } = await import('./call-http2.ts');
    const { status, headers, stream, close } = await callHttp2(request, io);
    return {
      ...{ status, headers, tookMs: null, discard: close },
      readBody: async (timeoutMs, isEnough) => {
        try {
          return await readStart({ headers, body: stream }, { maxBytes: MAX_BODY_BYTES, timeoutMs, isEnough });
        } finally {
          close();
        }
      },
    };
  };
}

async function sendByHttp1(request: OutgoingRequest, io: Pick<Io, 'http'>): Promise<IncomingResponse> {
  const { method, url, headers, body, timeoutMs, connection, guard, signal } = request;
  const response = await io.http.send({
    ...{ method, url, timeoutMs, signal },
    // A server that takes only HTTP/2 refuses this in TLS, instead of waiting or closing.
    protocols: ['http/1.1'],
    // Node sends a body of DELETE without its length unless it is told.
    headers: { ...headers, ...(body ? { 'content-length': `${body.length}` } : {}) },
    ...(body ? { body } : {}),
    ...(connection ? { tls: connection } : { lookup: guard.lookup }),
  });
  return {
    status: response.status,
    headers: response.headers,
    tookMs: null,
    readBody: (leftMs, isEnough) => readStart(response, { maxBytes: MAX_BODY_BYTES, timeoutMs: leftMs, isEnough }),
    discard: () => void response.body.destroy(),
  };
}

const SETTINGS = 4;

/** The server has not read the request then: it refused HTTP/1.1 in TLS, or began with a frame of HTTP/2. */
function takesOnlyHttp2(error: unknown): boolean {
  const cause = ((error as Error).cause ?? {}) as NodeJS.ErrnoException & { readonly rawPacket?: Buffer };
  const { code = '', message = '', rawPacket } = cause;
  // RFC 7301 3.2; OpenSSL tells it as EPROTO.
  if (/no.application.protocol/i.test(`${code} ${message}`)) return true;
  return code.startsWith('HPE_') && rawPacket?.[3] === SETTINGS;
}
