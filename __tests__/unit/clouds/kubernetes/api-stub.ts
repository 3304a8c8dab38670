import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ClusterAccess, ClusterCredentials } from '../../../../src/clouds/cluster-login.ts';

export interface StubRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

export interface StubAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  /** An object goes as JSON. */
  readonly body?: unknown;
  /** The connection is closed instead of an answer. */
  readonly breaks?: boolean;
}

export interface ApiStub {
  readonly url: URL;
  readonly requests: StubRequest[];
  close(): void;
}

/** An API server that answers what the test says; undefined: nothing, until it is closed. */
export async function serveApi(
  answer: (request: StubRequest, count: number) => StubAnswer | undefined,
): Promise<ApiStub> {
  const requests: StubRequest[] = [];
  const server = http.createServer(async (incoming, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const url = new URL(incoming.url ?? '/', 'http://stub');
    const { method = '', headers } = incoming;
    const body = Buffer.concat(chunks).toString();
    requests.push({ method, path: url.pathname, query: url.searchParams, headers, body });
    const answered = answer(requests.at(-1)!, requests.length);
    if (!answered) return;
    if (answered.breaks) return void incoming.socket.destroy();
    const isText = typeof answered.body === 'string';
    response.writeHead(answered.status ?? 200, {
      'content-type': isText ? 'text/plain' : 'application/json',
      ...answered.headers,
    });
    response.end(isText ? answered.body : JSON.stringify(answered.body ?? {}));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    requests,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** A login with a token that is new each time one was refused: `token-1`, `token-2`. */
export function tokenAccess(server: URL, more: Partial<ClusterAccess> = {}): ClusterAccess {
  let count = 0;
  let current: ClusterCredentials | null = null;
  return {
    cluster: 'cluster shop',
    server,
    namespace: null,
    async credentials(refused) {
      if (!current || current === refused) {
        count += 1;
        current = { headers: { authorization: `Bearer token-${count}` }, connection: {} };
      }
      return current;
    },
    ...more,
  };
}

export function status(code: number, reason: string, message: string, details: object = {}): StubAnswer {
  const body = { kind: 'Status', apiVersion: 'v1', status: 'Failure', message, reason, details, code };
  return { status: code, body };
}
