/** What goes wrong with a call. */
export type FaultAct =
  /** The connection breaks without an answer. */
  | { readonly kind: 'drop' }
  /** This answer instead of the real one. */
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
    }
  /** Half of the body, then the connection breaks. */
  | { readonly kind: 'truncate' }
  /** `before`: it takes effect this much later, even if the client has gone. `after`: only the answer is late. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** `before`: it takes effect when the promise is settled, even if the client has gone. */
  | { readonly kind: 'hold'; readonly until: Promise<unknown> }
  /** Half of the body, silence, the other half. */
  | { readonly kind: 'stall'; readonly ms: number }
  /** Never an answer. */
  | { readonly kind: 'hang' }
  /** The real answer with another body: what a newer version of the cloud says, for instance. */
  | { readonly kind: 'rewrite'; readonly edit: (body: string) => string }
  /** Answered, but the kept-alive connection is closed then; the client finds out when it sends the next request. */
  | { readonly kind: 'close-after' };

export interface Fault {
  /** Matched against the name of the call: /^ecs:UpdateService$/. */
  readonly operation: RegExp;
  /** The n-th matching call, from 1, counted since the fault was added; absent: each. */
  readonly nth?: number;
  /**
   * `before`: the call has no effect (`delay`: a late one). `after`: it took effect.
   * `truncate`, `stall`, `rewrite` and `close-after` are about the answer and come after the effect either way.
   */
  readonly when: 'before' | 'after';
  readonly act: FaultAct;
}

/** What goes wrong with one call. */
export interface CallFaults {
  readonly before: FaultAct | null;
  readonly after: FaultAct | null;
}

const ABOUT_THE_ANSWER: readonly FaultAct['kind'][] = ['truncate', 'stall', 'rewrite', 'close-after'];

/** The faults of an edge. A call takes at most one before its effect and one after: the first that matches. */
export class Faults {
  readonly #entries: { readonly fault: Fault; seen: number }[] = [];

  /** Returns how to take it away again. */
  add(fault: Fault): () => void {
    const entry = { fault, seen: 0 };
    this.#entries.push(entry);
    return () => {
      const index = this.#entries.indexOf(entry);
      if (index >= 0) this.#entries.splice(index, 1);
    };
  }

  clear(): void {
    this.#entries.length = 0;
  }

  /** Counts the call; so to be asked once for each. */
  take(operation: string): CallFaults {
    const hits = this.#entries.filter((entry) => matches(entry.fault, operation) && isTurn(entry));
    const find = (when: Fault['when']) => hits.find(({ fault }) => whenOf(fault) === when)?.fault.act ?? null;
    return { before: find('before'), after: find('after') };
  }
}

/** Not `test` on the caller's own object: with the flag g it would remember where it was. */
function matches(fault: Fault, operation: string): boolean {
  return operation.search(fault.operation) >= 0;
}

function isTurn(entry: { readonly fault: Fault; seen: number }): boolean {
  entry.seen++;
  return entry.fault.nth === undefined || entry.fault.nth === entry.seen;
}

function whenOf(fault: Fault): Fault['when'] {
  return ABOUT_THE_ANSWER.includes(fault.act.kind) ? 'after' : fault.when;
}
