import type { VirtualClock } from '../clock/clock.ts';
import { type FaultAct, Faults } from './faults.ts';
import type { SimulatedHost, SimulatedRequest, SimulatedResponse } from './host.ts';
import type { Reply } from './reply.ts';

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
  readonly #closed = new WeakSet<object>();

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
  refuseClosed(reply: Reply): boolean {
    if (!this.#closed.has(reply.connection)) return false;
    reply.drop();
    return true;
  }

  async serve(host: SimulatedHost, request: SimulatedRequest, reply: Reply): Promise<void> {
    const call = this.#record(host, request);
    const faults = this.faults.take(call.operation);
    if ((await this.#tell(call, 'before')) === 'drop') return reply.drop();
    if (faults.before && !(await this.#failBefore(faults.before, call, reply))) return;
    let answer = await this.#ask(host, request, reply);
    for (const listener of this.#exchangeListeners) listener({ operation: call.operation, request, answer });
    const verdict = await this.#tell(call, 'after');
    if (verdict === 'drop' || faults.after?.kind === 'drop') return reply.drop();
    if (faults.after?.kind === 'status') answer = faults.after;
    if (faults.after?.kind === 'rewrite') answer = { ...answer, body: faults.after.edit(String(answer.body ?? '')) };
    // Not when it is sent: whether a killed client's connection has closed by then is a race in real time.
    if (faults.after?.kind !== 'hang') call.status = answer.status;
    await this.#waitToAnswer(answer, faults.after, reply);
    await this.#send(answer, faults.after, reply);
  }

  /** Answers at once, whatever its delay: for a client that looks on from outside, while time stands still. */
  async serveOnlooker(host: SimulatedHost, request: SimulatedRequest, reply: Reply): Promise<void> {
    await this.#send(await host.handle(request), null, reply);
  }

  /** A host that doesn't know its answer yet is asked again when it may, as long as the client waits for it. */
  async #ask(host: SimulatedHost, request: SimulatedRequest, reply: Reply): Promise<SimulatedResponse> {
    let answer = await host.handle(request);
    while (answer.later && !reply.closed) {
      await this.#clock.sleepUntil(answer.later.at, reply);
      answer = answer.later.answer();
    }
    return answer;
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
    let verdict: 'drop' | null = null;
    for (const listener of this.#listeners) if ((await listener(call, when)) === 'drop') verdict = 'drop';
    await this.#clock.settle();
    return verdict;
  }

  /** True: the call goes on and takes effect. */
  async #failBefore(act: FaultAct, call: Call, reply: Reply): Promise<boolean> {
    if (act.kind === 'delay') {
      const at = this.#clock.now() + act.ms;
      await this.#clock.sleepUntil(at, reply);
      await this.#clock.sleepUntil(at); // the client is gone and the call still on its way
      return true;
    }
    if (act.kind === 'hold') {
      await this.#clock.holdUntil(act.until, reply);
      await act.until.catch(() => {});
      return true;
    }
    if (act.kind === 'hang') await this.#clock.sleepUntil(Number.POSITIVE_INFINITY, reply);
    else if (act.kind === 'status') {
      call.status = act.status;
      await this.#send(act, null, reply);
    } else reply.drop();
    return false;
  }

  async #waitToAnswer(answer: SimulatedResponse, act: FaultAct | null, reply: Reply): Promise<void> {
    if (act?.kind === 'hang') await this.#clock.sleepUntil(Number.POSITIVE_INFINITY, reply);
    const delayMs = (answer.delayMs ?? 0) + (act?.kind === 'delay' ? act.ms : 0);
    if (delayMs > 0) await this.#clock.sleepUntil(this.#clock.now() + delayMs, reply);
  }

  async #send(given: SimulatedResponse, act: FaultAct | null, reply: Reply): Promise<void> {
    if (reply.closed) return;
    if (given.raw) return await this.#sendRaw(given.raw, reply);
    // With a real date the SDKs correct their clocks and sign for another year.
    const date = new Date(this.#clock.now()).toUTCString();
    const answer = { ...given, headers: { date, ...given.headers } };
    if (act?.kind === 'truncate') {
      await reply.begin(answer);
      return reply.drop();
    }
    if (act?.kind === 'stall') {
      await reply.begin(answer);
      await this.#clock.sleepUntil(this.#clock.now() + act.ms, reply);
      return reply.finish();
    }
    if (act?.kind === 'close-after') this.#closed.add(reply.connection);
    reply.send(answer);
  }

  async #sendRaw(raw: NonNullable<SimulatedResponse['raw']>, reply: Reply): Promise<void> {
    const connection = reply.takeOver?.();
    if (!connection) throw new Error('a client without a connection gets no raw bytes');
    await raw({
      get closed() {
        return reply.closed;
      },
      write: (bytes) => connection.write(bytes),
      sleep: (ms) => this.#clock.sleepUntil(this.#clock.now() + ms, reply),
      reset: () => connection.reset(),
    });
    connection.end();
  }
}
