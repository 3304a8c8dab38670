import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { VirtualClock } from '../clock/clock.ts';
import { type FaultAct, Faults } from './faults.ts';
import type { SimulatedHost, SimulatedRequest, SimulatedResponse } from './host.ts';

/** One request of the action to an embedded cloud. */
export interface Call {
  /** From 1, in the order in which they came. */
  readonly n: number;
  /** As its host names it: `ecs:UpdateService`. */
  readonly operation: string;
  readonly mutates: boolean;
  readonly host: string;
  readonly method: string;
  /** Virtual time at which it came. */
  readonly at: number;
  /** What was answered, whether or not it arrived; null: nothing (yet). */
  status: number | null;
}

/**
 * Awaited. `before`: the request is read and has no effect yet. `after`: it took effect and is not answered yet.
 * Resolves to 'drop': the connection is closed right there, so a kill `before` is a call without effect.
 */
export type CallListener = (call: Call, when: 'before' | 'after') => unknown;

/** What a host was asked and what it answered. Faults come between it and the client, so they are not in it. */
export interface Exchange {
  readonly operation: string;
  readonly request: SimulatedRequest;
  readonly answer: SimulatedResponse;
}

/** What a request goes through at the edge: listeners, faults, its host, delays. */
export class Calls {
  readonly calls: Call[] = [];
  readonly faults = new Faults();
  readonly #clock: VirtualClock;
  readonly #listeners = new Set<CallListener>();
  readonly #exchangeListeners = new Set<(exchange: Exchange) => void>();
  readonly #closed = new WeakSet<Socket>();

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  /** Returns how to stop listening. */
  onCall(listener: CallListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Returns how to stop listening. */
  onExchange(listener: (exchange: Exchange) => void): () => void {
    this.#exchangeListeners.add(listener);
    return () => void this.#exchangeListeners.delete(listener);
  }

  /** True: the client sent this on a connection that a fault had closed, and now sees it break. */
  refuseClosed(request: IncomingMessage): boolean {
    if (!this.#closed.has(request.socket)) return false;
    request.socket.destroy();
    return true;
  }

  async serve(host: SimulatedHost, request: SimulatedRequest, response: ServerResponse): Promise<void> {
    const call = this.#record(host, request);
    const faults = this.faults.take(call.operation);
    if ((await this.#tell(call, 'before')) === 'drop') return drop(response);
    if (faults.before && !(await this.#failBefore(faults.before, call, response))) return;
    let answer = await host.handle(request);
    for (const listener of this.#exchangeListeners) listener({ operation: call.operation, request, answer });
    const wish = await this.#tell(call, 'after');
    if (wish === 'drop' || faults.after?.kind === 'drop') return drop(response);
    if (faults.after?.kind === 'status') answer = faults.after;
    if (faults.after?.kind === 'rewrite') answer = { ...answer, body: faults.after.edit(String(answer.body ?? '')) };
    // Not when it is sent: whether a killed client's connection has closed by then is a race in real time.
    if (faults.after?.kind !== 'hang') call.status = answer.status;
    await this.#waitToAnswer(answer, faults.after, response);
    await this.#send(answer, faults.after, response);
  }

  /** Answers at once, whatever its delay: for a client that looks on from outside, while time stands still. */
  async serveOnlooker(host: SimulatedHost, request: SimulatedRequest, response: ServerResponse): Promise<void> {
    await this.#send(await host.handle(request), null, response);
  }

  #record(host: SimulatedHost, request: SimulatedRequest): Call {
    const { operation, mutates } = host.nameCall(request);
    const { url, method } = request;
    const call: Call = {
      n: this.calls.length + 1,
      operation,
      mutates,
      host: url.hostname,
      method,
      at: this.#clock.now(),
      status: null,
    };
    this.calls.push(call);
    return call;
  }

  /** Ends when the children have handled what a listener did to them: a signal always comes before the answer. */
  async #tell(call: Call, when: 'before' | 'after'): Promise<'drop' | null> {
    if (this.#listeners.size === 0) return null;
    let wish: 'drop' | null = null;
    for (const listener of this.#listeners) if ((await listener(call, when)) === 'drop') wish = 'drop';
    await this.#clock.settle();
    return wish;
  }

  /** True: the call goes on and takes effect. */
  async #failBefore(act: FaultAct, call: Call, response: ServerResponse): Promise<boolean> {
    if (act.kind === 'delay') {
      const at = this.#clock.now() + act.ms;
      await this.#clock.sleepUntil(at, response);
      await this.#clock.sleepUntil(at); // the client is gone and the call still on its way
      return true;
    }
    if (act.kind === 'hang') await this.#clock.sleepUntil(Number.POSITIVE_INFINITY, response);
    else if (act.kind === 'status') {
      call.status = act.status;
      await this.#send(act, null, response);
    } else drop(response);
    return false;
  }

  async #waitToAnswer(answer: SimulatedResponse, act: FaultAct | null, response: ServerResponse): Promise<void> {
    if (act?.kind === 'hang') await this.#clock.sleepUntil(Number.POSITIVE_INFINITY, response);
    const delayMs = (answer.delayMs ?? 0) + (act?.kind === 'delay' ? act.ms : 0);
    if (delayMs > 0) await this.#clock.sleepUntil(this.#clock.now() + delayMs, response);
  }

  async #send(answer: SimulatedResponse, act: FaultAct | null, response: ServerResponse): Promise<void> {
    if (response.destroyed) return;
    const body = Buffer.from(answer.body ?? '');
    this.#writeHead(answer, body, response);
    const half = body.subarray(0, Math.floor(body.length / 2));
    if (act?.kind === 'truncate') {
      response.flushHeaders();
      response.write(half, () => response.req.socket.destroy());
      return;
    }
    if (act?.kind === 'stall') {
      response.flushHeaders();
      await new Promise<void>((resolve) => response.write(half, () => resolve()));
      await this.#clock.sleepUntil(this.#clock.now() + act.ms, response);
      return void response.end(body.subarray(half.length));
    }
    if (act?.kind === 'close-after') this.#closed.add(response.req.socket);
    response.end(body);
  }

  #writeHead(answer: SimulatedResponse, body: Buffer, response: ServerResponse): void {
    response.statusCode = answer.status;
    // With a real date the SDKs correct their clocks and sign for another year.
    response.setHeader('date', new Date(this.#clock.now()).toUTCString());
    for (const [name, value] of Object.entries(answer.headers ?? {})) response.setHeader(name, value);
    const bodyless = response.req.method === 'HEAD' || answer.status === 204 || answer.status === 304;
    if (!bodyless && !response.hasHeader('transfer-encoding')) response.setHeader('content-length', body.length);
  }
}

function drop(response: ServerResponse): void {
  response.req.socket.destroy();
}
