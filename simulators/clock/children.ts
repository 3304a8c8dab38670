import net from 'node:net';

/** What an idle child waits for. */
export interface Idleness {
  /** Its earliest timer; Infinity: none. */
  readonly dueAt: number;
  /** Processes that it started and that still run. They live on real time. */
  readonly processes: number;
  /** Local ports of its requests that await an answer; 0: not connected yet. */
  readonly ports: readonly number[];
}

/** Whoever lives on the clock's time: processes, or runs in the clock's own process. */
export interface Clients {
  /** The port, on 127.0.0.1; another number where they need none. */
  listen(): Promise<number>;
  readonly count: number;
  idleness(): readonly Idleness[] | null;
  confirm(): Promise<boolean>;
  settle(): Promise<void>;
  tellTime(verb: 'time' | 'now', at: number): void;
  stop(reason: string): void;
  close(): void;
}

/** `onChange` is called when a client comes, goes, or says that it is idle. */
export type OpenClients = (now: () => number, onChange: () => void) => Clients;

interface Child {
  readonly socket: net.Socket;
  /** null: something runs in it. */
  idleness: Idleness | null;
}

interface Round {
  readonly id: number;
  readonly kind: 'confirm' | 'settle';
  readonly waiting: Set<Child>;
  readonly end: (answered: boolean) => void;
}

const SETTLE_LIMIT_MS = 1_000;

/** The processes that live on the clock's time. The words on the wire are listed in join-clock.mjs. */
export class Children implements Clients {
  readonly #server: net.Server;
  readonly #now: () => number;
  readonly #onChange: () => void;
  readonly #children = new Set<Child>();
  readonly #rounds = new Set<Round>();
  #lastRound = 0;

  /** `onChange` is called when a child comes, goes, or says that it is idle. */
  constructor(now: () => number, onChange: () => void) {
    this.#now = now;
    this.#onChange = onChange;
    this.#server = net.createServer((socket) => this.#welcome(socket));
  }

  /** The port, on 127.0.0.1. */
  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    this.#server.unref();
    return (this.#server.address() as net.AddressInfo).port;
  }

  get count(): number {
    return this.#children.size;
  }

  /** What all wait for; null while something runs in one of them, or there is none. */
  idleness(): readonly Idleness[] | null {
    const all = [...this.#children].map((child) => child.idleness);
    return all.length > 0 && all.every((idleness) => idleness !== null) ? all : null;
  }

  /**
   * True: each is still as idle as it said, after it handled everything that had reached it. Without this, time moved
   * between the sending of half a body and its arrival.
   */
  confirm(): Promise<boolean> {
    return this.#ask('confirm');
  }

  /** Resolves when each has handled what had reached it (a signal, an answer), or is gone; at the latest after 1 s. */
  async settle(): Promise<void> {
    await this.#ask('settle');
  }

  /** After this each has to say again that it is idle. */
  tellTime(verb: 'time' | 'now', at: number): void {
    for (const child of this.#children) {
      child.idleness = null;
      child.socket.write(`${verb} ${at}\n`);
    }
  }

  /** They print the reason and end. */
  stop(reason: string): void {
    for (const { socket } of this.#children) socket.write(`stop ${reason.replaceAll('\n', ' ')}\n`);
  }

  close(): void {
    this.#server.close();
    for (const { socket } of this.#children) socket.destroy();
  }

  #ask(kind: Round['kind']): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const limit = kind === 'settle' ? setTimeout(() => end(false), SETTLE_LIMIT_MS) : undefined;
    const end = (answered: boolean): void => {
      this.#rounds.delete(round);
      clearTimeout(limit);
      resolve(answered);
    };
    const round: Round = { id: ++this.#lastRound, kind, waiting: new Set(this.#children), end };
    this.#rounds.add(round);
    for (const { socket } of round.waiting) socket.write(`${kind} ${round.id}\n`);
    if (round.waiting.size === 0) end(true);
    return promise;
  }

  #welcome(socket: net.Socket): void {
    const child: Child = { socket, idleness: null };
    this.#children.add(child);
    this.#breakConfirmation();
    socket.setNoDelay();
    socket.unref();
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#farewell(child));
    let rest = '';
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) this.#hear(child, line);
    });
  }

  #hear(child: Child, line: string): void {
    const [verb, first, second, third] = line.split(' ');
    if (verb === 'hello') child.socket.write(`now ${this.#now()}\n`);
    else if (verb === 'steady' || verb === 'settled') this.#count(child, Number(first));
    else {
      child.idleness =
        verb === 'idle' ? { dueAt: Number(first), processes: Number(second), ports: ports(third) } : null;
      this.#breakConfirmation();
      this.#onChange();
    }
  }

  #farewell(child: Child): void {
    this.#children.delete(child);
    this.#breakConfirmation();
    for (const round of this.#rounds) this.#count(child, round.id);
    this.#onChange();
  }

  #count(child: Child, id: number): void {
    for (const round of this.#rounds) {
      if (round.id !== id) continue;
      round.waiting.delete(child);
      if (round.waiting.size === 0) round.end(true);
    }
  }

  #breakConfirmation(): void {
    for (const round of this.#rounds) if (round.kind === 'confirm') round.end(false);
  }
}

function ports(list: string | undefined): number[] {
  return list ? list.split(',').map(Number) : [];
}
