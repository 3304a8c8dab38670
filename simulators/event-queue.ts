interface Event {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

const MOST_EVENTS = 1_000_000;

/**
 * What will happen by itself, in the order of time. Nothing runs in the background: whoever asks the cloud something
 * first lets everything happen that is due.
 */
export class EventQueue {
  readonly #events: Event[] = [];
  #order = 0;
  #now: number;

  constructor(now: number) {
    this.#now = now;
  }

  /** The time of the event that is happening, in milliseconds since 1970. */
  get now(): number {
    return this.#now;
  }

  /** When the next thing happens by itself; null: nothing will. */
  get nextAt(): number | null {
    return this.#events[0]?.at ?? null;
  }

  /** Events at the same time happen in the order in which they were added. */
  add(at: number, run: () => void): void {
    const event = { at: Math.max(at, this.#now), order: this.#order++, run };
    let index = this.#events.length;
    while (index > 0 && this.#events[index - 1]!.at > event.at) index -= 1;
    this.#events.splice(index, 0, event);
  }

  /** @throws Error when events never stop making new ones that are due. */
  advanceTo(now: number): void {
    for (let count = 0; count < MOST_EVENTS; count += 1) {
      const next = this.#events[0];
      if (!next || next.at > now) {
        this.#now = Math.max(this.#now, now);
        return;
      }
      this.#events.shift();
      this.#now = Math.max(this.#now, next.at);
      next.run();
    }
    throw new Error(`more than ${MOST_EVENTS} events are due: the simulated time goes in a circle`);
  }
}
