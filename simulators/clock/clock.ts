import type { TimeSource } from '../edge/host.ts';
import { testWorker } from '../test-worker.ts';
import { Children, type Clients, type OpenClients } from './children.ts';

/** A client that waits for its answer. */
interface WaitingClient {
  /** How a child's report and this server mean the same request. */
  readonly port: number | undefined;
  readonly closed: boolean;
  /** Returns how to stop listening. */
  onClose(listener: () => void): () => void;
}

/** A request that the server does not answer before `at`. */
interface Hold {
  readonly at: number;
  /** Of its client. */
  readonly port: number;
  readonly wake: () => void;
}

interface Alarm {
  readonly at: number;
  readonly wake: () => void;
}

interface Visit {
  readonly intervalMs: number;
  readonly visit: (now: number) => Promise<void>;
  nextAt: number;
}

/** 2030-03-17T17:46:40Z: no real clock shows it, so a real time stamp is noticed. */
const START_AT = 1_900_000_000_000;
const LONGEST_RUN_MS = 24 * 3_600_000;
/** No child reports this port (0 means: not connected yet). */
const GONE = -1;

/**
 * Virtual time, owned by the simulator's process. It stands still while anything runs; when all children only wait, it
 * moves to the next thing that is due: a child's timer, an answer that is held back, an alarm, a visit.
 */
export class VirtualClock implements TimeSource {
  readonly #children: Clients;
  readonly #endAt: number;
  #now: number;
  #port = 0;
  #holds = new Set<Hold>();
  #alarms = new Set<Alarm>();
  #visits = new Set<Visit>();
  #stops = 0;
  #moving = false;
  #lookAgain = false;
  #failure: Error | null = null;

  /** Listens on 127.0.0.1 for its children; does not keep the process alive. */
  static async open(options: { readonly startAt?: number } = {}): Promise<VirtualClock> {
    const clock = new VirtualClock(options.startAt ?? START_AT);
    clock.#port = await clock.#children.listen();
    return clock;
  }

  private constructor(startAt: number) {
    this.#now = startAt;
    this.#endAt = startAt + LONGEST_RUN_MS;
    const open: OpenClients = testWorker()?.openClients ?? ((now, onChange) => new Children(now, onChange));
    this.#children = open(
      () => this.#now,
      () => this.#look(),
    );
  }

  /** A child gets it as SIM_CLOCK_PORT. */
  get port(): number {
    return this.#port;
  }

  /** What stopped time for good: a run beyond 24 virtual hours, or a visit that failed. Its children have ended. */
  get failure(): Error | null {
    return this.#failure;
  }

  now(): number {
    return this.#now;
  }

  /**
   * Resolves when it is `atMs` (Infinity: never). With the `client` of a request that is held back on purpose it also
   * resolves when that gave up (`client.closed`), and time may move although its request is open.
   */
  sleepUntil(atMs: number, client?: WaitingClient): Promise<void> {
    if (atMs <= this.#now || client?.closed) return Promise.resolve();
    const at = Math.ceil(atMs);
    const { promise, resolve } = Promise.withResolvers<void>();
    if (client) this.#hold(at, client, resolve);
    else this.#alarms.add({ at, wake: resolve });
    this.#look();
    return promise;
  }

  /** Resolves with `condition`, or when the `client` gave up; time may move although its request is open. */
  async holdUntil(condition: Promise<unknown>, client: WaitingClient): Promise<void> {
    if (client.closed) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const end = this.#hold(Number.POSITIVE_INFINITY, client, resolve);
    this.#look();
    condition.then(end, end);
    await promise;
  }

  /** Time doesn't move before what this returns is called: something is at work here that no child knows of. */
  stop(): () => void {
    this.#stops += 1;
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      this.#stops -= 1;
      this.#look();
    };
  }

  /**
   * While time passes, it stops at each multiple of `intervalMs`, and goes on when the visit has resolved. Children are
   * idle meanwhile, so a visit may send requests, but must not wait for virtual time. Returns how to end the visits.
   */
  every(intervalMs: number, visit: (now: number) => Promise<void>): () => void {
    const entry: Visit = { intervalMs, visit, nextAt: nextMultiple(this.#now, intervalMs) };
    this.#visits.add(entry);
    return () => void this.#visits.delete(entry);
  }

  /**
   * Moves time by hand, for clients that live on real time (a CLI). It stops at everything that is due on the way.
   * @throws Error while there is a child: time is then not ours to move.
   */
  async advance(ms: number): Promise<void> {
    // One that has just ended may still be on its way out.
    await this.#children.settle();
    const end = this.#now + ms;
    while (this.#now < end) {
      if (this.#children.count > 0) throw new Error('time is moved by hand only while no child lives on it');
      const visits = [...this.#visits].map(({ nextAt }) => nextAt);
      const next = Math.min(end, ...atOf(this.#holds), ...atOf(this.#alarms), ...visits);
      await this.#moveTo(Math.max(this.#now, next));
    }
  }

  /** Resolves when the children have handled what had reached them, for instance a signal that was just sent. */
  settle(): Promise<void> {
    return this.#children.settle();
  }

  /** @throws the failure, so that no test passes over it. */
  async close(): Promise<void> {
    this.#children.close();
    if (this.#failure) throw this.#failure;
  }

  /** Returns how to end it early. */
  #hold(at: number, client: WaitingClient, resolve: () => void): () => void {
    const end = (): void => {
      this.#holds.delete(hold);
      stopListening();
      resolve();
    };
    const hold: Hold = { at, port: client.port ?? GONE, wake: end };
    this.#holds.add(hold);
    const stopListening = client.onClose(end);
    return end;
  }

  #look(): void {
    this.#lookAgain = true;
    if (!this.#moving) void this.#moveWhileIdle();
  }

  async #moveWhileIdle(): Promise<void> {
    this.#moving = true;
    while (this.#lookAgain && !this.#failure) {
      this.#lookAgain = false;
      await this.#moveOnce().catch((error) => this.#fail(error));
    }
    this.#moving = false;
  }

  async #moveOnce(): Promise<void> {
    const at = this.#nextEvent();
    if (at === null || !(await this.#children.confirm())) return;
    await afterTurn();
    if (this.#nextEvent() !== at) return this.#look();
    if (at > this.#endAt)
      throw new Error(`a move to ${at - this.#now} ms later is refused: the run would be over 24 h`);
    await this.#moveTo(at);
  }

  /** null: something runs, or no timer is pending. */
  #nextEvent(): number | null {
    const idleness = this.#stops === 0 ? this.#children.idleness() : null;
    if (!idleness) return null;
    const awaited = idleness.flatMap(({ ports }) => ports);
    const held = [...this.#holds].map(({ port }) => port);
    // By number: an HTTP/2 connection has many requests at once.
    if (awaited.some((port) => count(awaited, port) > count(held, port))) return null;
    // A started process is at work, unless an unknown client awaits a response here: that is then the process.
    const heldForOthers = held.some((port) => !awaited.includes(port));
    if (idleness.some(({ processes }) => processes > 0) && !heldForOthers) return null;
    const waits = [...idleness.map(({ dueAt }) => dueAt), ...atOf(this.#holds), ...atOf(this.#alarms)];
    const next = Math.min(...waits);
    if (!Number.isFinite(next)) return null;
    const visit = Math.min(...[...this.#visits].map(({ nextAt }) => nextAt));
    return Math.max(this.#now, Math.min(next, visit));
  }

  /**
   * The order within one instant: alarms and visits, then answers, then timers. So a signal from a visit is handled
   * first, and an answer that comes at the very end of a time-out still counts.
   */
  async #moveTo(at: number): Promise<void> {
    this.#now = at;
    const alarms = [...this.#alarms].filter((alarm) => alarm.at <= at);
    const visits = [...this.#visits].filter(({ nextAt }) => nextAt <= at);
    if (alarms.length + visits.length > 0) {
      this.#children.tellTime('time', at);
      for (const alarm of alarms) this.#ring(alarm);
      for (const entry of visits) await this.#pay(entry);
      await this.#children.settle();
    }
    const answers = [...this.#holds].filter((hold) => hold.at <= at);
    this.#children.tellTime(answers.length > 0 ? 'time' : 'now', at);
    // A child that read an answer before the time took it for one of no time at all (on a busy machine).
    if (answers.length > 0) await this.#children.settle();
    for (const answer of answers) answer.wake();
  }

  #ring(alarm: Alarm): void {
    this.#alarms.delete(alarm);
    alarm.wake();
  }

  async #pay(entry: Visit): Promise<void> {
    entry.nextAt = nextMultiple(this.#now, entry.intervalMs);
    await entry.visit(this.#now);
  }

  #fail(error: unknown): void {
    this.#failure = error instanceof Error ? error : new Error(String(error));
    this.#children.stop(`time cannot go on: ${this.#failure.message}`);
  }
}

/**
 * What the children had sent us before they confirmed is read by now, also on a connection that was only just accepted:
 * the CONNECT of a tunnel, which stops time.
 */
async function afterTurn(): Promise<void> {
  for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve));
}

function count(ports: readonly number[], port: number): number {
  return ports.filter((other) => other === port).length;
}

function atOf(waits: ReadonlySet<{ readonly at: number }>): number[] {
  return [...waits].map(({ at }) => at);
}

function nextMultiple(now: number, intervalMs: number): number {
  return (Math.floor(now / intervalMs) + 1) * intervalMs;
}
