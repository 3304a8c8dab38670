import { AsyncResource } from 'node:async_hooks';
import { EventEmitter } from 'node:events';
import type http from 'node:http';
import { Readable, Writable } from 'node:stream';
import type { SimulatedResponse } from '../../simulators/edge/host.ts';
import type { Reply } from '../../simulators/edge/reply.ts';
import type { LocalClients } from './clients.ts';
import { contexts, type RunContext } from './run-context.ts';

let lastPort = 0;

/** A request as node:http gives it to its clients, which is answered by the edge without a socket. */
export class LocalRequest extends Writable {
  readonly reusedSocket = false;
  readonly socket = new LocalSocket();
  readonly #chunks: Buffer[] = [];
  readonly #scope = new AsyncResource('LocalRequest');
  readonly #context: RunContext;
  readonly #clients: LocalClients;
  readonly #port = ++lastPort;
  readonly #url: URL;
  readonly #method: string;
  readonly #headers: Record<string, string>;
  readonly #onClosed = new Set<() => void>();
  #response: LocalResponse | null = null;
  #isClosed = false;
  #isAbandoned = false;

  constructor(url: URL, options: http.RequestOptions, clients: LocalClients) {
    super({ autoDestroy: false });
    this.#url = url;
    this.#clients = clients;
    this.#context = contexts.getStore()!;
    this.#method = options.method ?? 'GET';
    this.#headers = flatten(options.headers ?? {});
    this.#context.requests.add(this);
    process.nextTick(() => this.emit('socket', this.socket));
  }

  setTimeout(): this {
    return this;
  }

  setHeader(name: string, value: string): this {
    this.#headers[name.toLowerCase()] = value;
    return this;
  }

  abort(): void {
    this.destroy();
  }

  /** As when its process is killed: whoever waits for it never goes on. */
  abandon(): void {
    this.#isAbandoned = true;
    this.#end();
  }

  override _write(chunk: Buffer | string, _encoding: BufferEncoding, done: () => void): void {
    this.#chunks.push(Buffer.from(chunk));
    done();
  }

  override _final(done: () => void): void {
    this.#clients.await(this.#port);
    done();
    void contexts.exit(() => this.#serve());
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#end();
    if (this.#response && !this.#response.complete) this.#response.breakOff();
    done(this.#isAbandoned ? null : error);
  }

  async #serve(): Promise<void> {
    const body = Buffer.concat(this.#chunks);
    const headers = { host: this.#url.host, ...this.#headers };
    if (body.length > 0) headers['content-length'] ??= String(body.length);
    const request = { method: this.#method, url: this.#url, headers, body };
    const isServed = await this.#context.world.edge.serve(request, this.#reply()).catch((error: unknown) => {
      this.#context.write(`the simulation broke: ${error instanceof Error ? error.stack : String(error)}\n`);
      return false;
    });
    if (!isServed) this.#fail();
  }

  #reply(): Reply {
    const isClosed = (): boolean => this.#isClosed;
    let rest = Buffer.alloc(0);
    return {
      get closed() {
        return isClosed();
      },
      port: this.#port,
      connection: this,
      onClose: (listener) => {
        this.#onClosed.add(listener);
        return () => void this.#onClosed.delete(listener);
      },
      send: (answer) => this.#answer(answer, bodyOf(answer, this.#method), null),
      begin: async (answer) => {
        const body = bodyOf(answer, this.#method);
        rest = body.subarray(Math.floor(body.length / 2));
        this.#answer(answer, body, Math.floor(body.length / 2));
      },
      finish: () => this.#deliver(() => this.#response?.add(rest)),
      drop: () => this.#fail(),
    };
  }

  /** `part`: how much of the body comes now; null: all of it. */
  #answer(answer: SimulatedResponse, body: Buffer, part: number | null): void {
    this.#deliver(() => {
      const response = new LocalResponse(answer, body, () => this.#finish());
      this.#response = response;
      this.emit('response', response);
      response.add(part === null ? body : body.subarray(0, part));
    });
  }

  #fail(): void {
    this.#deliver(() => {
      const error = Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
      if (this.#response) this.#response.breakOff();
      this.destroy(this.#response ? undefined : error);
    });
  }

  #finish(): void {
    this.#end();
    this.destroy();
  }

  #end(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#context.requests.delete(this);
    this.#clients.answered(this.#port);
    for (const listener of this.#onClosed) listener();
  }

  /** In the context of whoever sent it. */
  #deliver(how: () => void): void {
    if (this.#isClosed) return;
    this.#scope.runInAsyncScope(() => setImmediate(() => this.#isAbandoned || how()));
  }
}

class LocalSocket extends EventEmitter {
  readonly connecting = false;
  setKeepAlive(): void {}
  setTimeout(): void {}
  setNoDelay(): void {}
}

/** The answer, as node:http gives it. */
class LocalResponse extends Readable {
  readonly statusCode: number;
  readonly statusMessage = '';
  readonly headers: Record<string, string>;
  readonly httpVersion = '1.1';
  complete = false;
  readonly #length: number;
  readonly #onComplete: () => void;
  #received = 0;

  constructor({ status, headers = {} }: SimulatedResponse, body: Buffer, onComplete: () => void) {
    super();
    this.statusCode = status;
    this.#length = body.length;
    this.#onComplete = onComplete;
    this.headers = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
    if (body.length > 0) this.headers['content-length'] ??= String(body.length);
  }

  add(chunk: Buffer): void {
    if (this.destroyed) return;
    this.#received += chunk.length;
    if (chunk.length > 0) this.push(chunk);
    if (this.#received < this.#length) return;
    this.complete = true;
    this.push(null);
    this.#onComplete();
  }

  breakOff(): void {
    if (this.destroyed) return;
    this.emit('aborted');
    // As node:http: an error that no one listens to is none.
    const error = Object.assign(new Error('aborted'), { code: 'ECONNRESET' });
    this.destroy(this.listenerCount('error') > 0 ? error : undefined);
  }

  override _read(): void {}
}

function bodyOf({ status, body = '' }: SimulatedResponse, method: string): Buffer {
  return method === 'HEAD' || status === 204 || status === 304 ? Buffer.alloc(0) : Buffer.from(body);
}

function flatten(headers: http.OutgoingHttpHeaders | readonly string[]): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name.toLowerCase(), Array.isArray(value) ? value.join(', ') : String(value)]],
    ),
  );
}
