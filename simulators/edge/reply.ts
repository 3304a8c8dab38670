import type { ServerResponse } from 'node:http';
import type { SimulatedResponse, Wire } from './host.ts';

/** The response to the client of one request, in any protocol. */
export interface Reply {
  /** The client has gone, or has everything. */
  readonly closed: boolean;
  /** Of the client: how a child's report and this process mean the same request. */
  readonly port: number | undefined;
  /** Stands for the client's connection: kept-alive ones have many replies. */
  readonly connection: object;
  /** Returns how to stop listening. */
  onClose(listener: () => void): () => void;
  send(answer: SimulatedResponse): void;
  /** Resolves when the head and half of the body are on their way. */
  begin(answer: SimulatedResponse): Promise<void>;
  /** The other half. */
  finish(): void;
  /** The connection breaks. */
  drop(): void;
  /** The connection itself, from here on for the caller alone; absent: there is none. */
  takeOver?(): RawConnection;
}

export interface RawConnection extends Pick<Wire, 'write' | 'reset'> {
  end(): void;
}

export class HttpReply implements Reply {
  readonly #response: ServerResponse;
  readonly #reset: (port: number | undefined) => void;
  #rest: Buffer = Buffer.alloc(0);

  /** `reset`: resets the TCP connection of the client with this port. */
  constructor(response: ServerResponse, reset: (port: number | undefined) => void) {
    this.#response = response;
    this.#reset = reset;
  }

  get closed(): boolean {
    return this.#response.destroyed;
  }

  get port(): number | undefined {
    return this.#response.req.socket.remotePort;
  }

  get connection(): object {
    return this.#response.req.socket;
  }

  onClose(listener: () => void): () => void {
    this.#response.once('close', listener);
    return () => void this.#response.off('close', listener);
  }

  send(answer: SimulatedResponse): void {
    this.#response.end(this.#writeHead(answer));
  }

  async begin(answer: SimulatedResponse): Promise<void> {
    const body = this.#writeHead(answer);
    const half = body.subarray(0, Math.floor(body.length / 2));
    this.#rest = body.subarray(half.length);
    this.#response.flushHeaders();
    await new Promise<void>((resolve) => this.#response.write(half, () => resolve()));
  }

  finish(): void {
    this.#response.end(this.#rest);
  }

  drop(): void {
    this.#response.req.socket.destroy();
  }

  takeOver(): RawConnection {
    const { socket } = this.#response.req;
    return {
      write: (bytes) => new Promise((resolve) => socket.write(bytes, () => resolve())),
      end: () => void socket.end(),
      reset: () => this.#reset(socket.remotePort),
    };
  }

  /** Returns the body. */
  #writeHead({ status, headers = {}, body: text = '' }: SimulatedResponse): Buffer {
    const response = this.#response;
    const body = Buffer.from(text);
    response.statusCode = status;
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    const bodyless = response.req.method === 'HEAD' || status === 204 || status === 304;
    if (!bodyless && !response.hasHeader('transfer-encoding')) response.setHeader('content-length', body.length);
    return body;
  }
}
