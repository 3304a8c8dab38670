import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { VirtualClock } from '../clock/clock.ts';
import { testWorker } from '../test-worker.ts';
import { type Call, type CallListener, Calls, type Exchange } from './calls.ts';
import { type Authority, createAuthority } from './certificates.ts';
import type { Faults } from './faults.ts';
import type { SimulatedHost, SimulatedRequest } from './host.ts';
import { openOnlooker, type SeenResponse } from './onlooker.ts';
import { noSuchHost, openProxy } from './proxy.ts';
import { HttpReply, type Reply } from './reply.ts';

/** A proxy that answers for production host names, with TLS. */
export interface Edge {
  /** All requests of children so far, in the order in which they came. */
  readonly calls: readonly Call[];
  readonly faults: Faults;
  /** Hosts that a child requested and that no simulator serves. */
  readonly unknownHosts: ReadonlySet<string>;
  /** What a child process needs to live in here: proxy, certificates and time. */
  readonly env: Readonly<Record<string, string>>;
  /** Returns how to stop listening. */
  onCall(listener: CallListener): () => void;
  /** Every request of a child that reached its host, with the host's answer. Returns how to stop listening. */
  onExchange(listener: (exchange: Exchange) => void): () => void;
  /** A request of a client that lives in this process: as one that came through the proxy. False: no such host. */
  serve(request: SimulatedRequest, reply: Reply): Promise<boolean>;
  /** A real request through the edge that is no call: no fault, no listener, no delay. Does not follow redirects. */
  get(url: string, headers?: Readonly<Record<string, string>>): Promise<SeenResponse>;
  /** @throws what a simulator or a listener threw, so that no test passes over it. */
  close(): Promise<void>;
}

export interface EdgeOptions {
  /** The first that serves a host name gets its requests. Looked up again for each request, so hosts may come and go. */
  readonly hosts: readonly SimulatedHost[];
  readonly clock: VirtualClock;
  /** For the certificate file; absent: a temporary one, removed by `close`. */
  readonly directory?: string;
}

const MAX_BODY_BYTES = 64 * 1024 * 1024;
const ONLOOKER_HEADER = 'x-simulator-onlooker';

// Loading the library and making a key takes as long as half a run, so all edges of a process share one authority.
let sharedAuthority: Promise<Authority> | null = null;

export async function startEdge(options: EdgeOptions): Promise<Edge> {
  sharedAuthority ??= testWorker()?.openAuthority() ?? createAuthority();
  const authority = await sharedAuthority;
  const desk = new Desk(options);
  const proxy = await openProxy({
    serves: (hostname) => desk.findHost(hostname) !== null,
    issue: authority.issue,
    answer: (scheme, request, response) => void desk.answer(scheme, request, response),
    opening: () => options.clock.stop(),
  });
  desk.reset = proxy.reset;
  const onlooker = openOnlooker(proxy.url, authority.certificatePem, { [ONLOOKER_HEADER]: desk.onlookerKey });
  const directory = options.directory ?? (await mkdtemp(join(tmpdir(), 'edge-')));
  const certificateFile = join(directory, 'embedded-clouds-ca.pem');
  await writeFile(certificateFile, authority.certificatePem);
  return {
    calls: desk.calls.calls,
    faults: desk.calls.faults,
    unknownHosts: desk.unknownHosts,
    env: childEnvironment(proxy.url, certificateFile, options.clock.port),
    onCall: (listener) => desk.calls.onCall(listener),
    onExchange: (listener) => desk.calls.onExchange(listener),
    serve: (request, reply) => desk.serve(request, reply),
    get: onlooker.get,
    async close() {
      onlooker.close();
      proxy.close();
      if (!options.directory) await rm(directory, { recursive: true, force: true });
      if (desk.failure) throw desk.failure;
    },
  };
}

/** Takes each request to its host. */
class Desk {
  readonly calls: Calls;
  readonly unknownHosts = new Set<string>();
  readonly onlookerKey = randomUUID();
  failure: Error | null = null;
  /** The connection of the client with this port. */
  reset: (clientPort: number | undefined) => void = () => {};
  readonly #hosts: readonly SimulatedHost[];

  constructor({ hosts, clock }: EdgeOptions) {
    this.#hosts = hosts;
    this.calls = new Calls(clock);
  }

  findHost(hostname: string): SimulatedHost | null {
    const host = this.#hosts.find((candidate) => candidate.serves(hostname));
    if (!host) this.unknownHosts.add(hostname);
    return host ?? null;
  }

  async answer(scheme: 'http' | 'https', incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await this.#answer(scheme, incoming, response);
    } catch (error) {
      // A client that went away while it was sending is no failure of ours.
      if (incoming.destroyed && !incoming.complete) return;
      this.failure ??= error instanceof Error ? error : new Error(String(error));
      if (response.headersSent) response.destroy();
      else refuse(response, 500, `the simulator failed: ${this.failure.message}\n`);
    }
  }

  async serve(request: SimulatedRequest, reply: Reply): Promise<boolean> {
    const host = this.findHost(request.url.hostname);
    if (host) await this.calls.serve(host, request, reply);
    return host !== null;
  }

  async #answer(scheme: 'http' | 'https', incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const reply = new HttpReply(response, this.reset);
    if (this.calls.refuseClosed(reply)) return;
    const url = findUrl(scheme, incoming);
    if (!url) return refuse(response, 400, 'a request to this proxy needs an absolute URL\n');
    const host = this.findHost(url.hostname);
    if (!host) return refuse(response, 502, noSuchHost(url.hostname));
    const body = await readBody(incoming);
    if (!body) return refuse(response, 413, `the body is longer than ${MAX_BODY_BYTES} bytes\n`);
    const { [ONLOOKER_HEADER]: key, ...headers } = joinHeaders(incoming);
    const request: SimulatedRequest = { method: incoming.method ?? 'GET', url, headers, body };
    if (key === this.onlookerKey) await this.calls.serveOnlooker(host, request, reply);
    else await this.calls.serve(host, request, reply);
  }
}

/** null: not for a proxy. Inside a tunnel the Host header says whom it is for, as it does to a real load balancer. */
function findUrl(scheme: 'http' | 'https', { url = '', headers }: IncomingMessage): URL | null {
  return URL.parse(url.startsWith('/') ? `${scheme}://${headers.host ?? ''}${url}` : url);
}

/** null: too long. */
async function readBody(incoming: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function joinHeaders(incoming: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, values] of Object.entries(incoming.headersDistinct)) headers[name] = (values ?? []).join(', ');
  return headers;
}

function refuse(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain', connection: 'close' }).end(text);
}

function childEnvironment(proxyUrl: string, certificateFile: string, clockPort: number): Record<string, string> {
  const direct = '127.0.0.1,localhost';
  return {
    HTTP_PROXY: proxyUrl,
    HTTPS_PROXY: proxyUrl,
    NO_PROXY: direct,
    // curl reads http_proxy in lower case only.
    http_proxy: proxyUrl,
    https_proxy: proxyUrl,
    no_proxy: direct,
    NODE_EXTRA_CA_CERTS: certificateFile,
    CURL_CA_BUNDLE: certificateFile,
    // A file URL has no spaces, where NODE_OPTIONS would be cut.
    NODE_OPTIONS: `--import=${pathToFileURL(join(import.meta.dirname, '../clock/preload.mjs')).href}`,
    SIM_CLOCK_PORT: String(clockPort),
  };
}
