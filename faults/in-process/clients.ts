import { watchActivity } from '../../simulators/clock/child-activity.mjs';
import { setTime } from '../../simulators/clock/child-dates.mjs';
import type { Clients, Idleness } from '../../simulators/clock/children.ts';
import type { RunContext } from './run-context.ts';
import { StepTimers } from './step-timers.ts';

let lastId = 0;
/** One at a time: Date and the timers are one for all that runs in this process. */
let current: LocalClients | null = null;

const activity = watchActivity(() => current?.look());
export const timers = new StepTimers(() => current?.look());

/** The steps of the action that live in this process, as the clock sees them: one client. */
export class LocalClients implements Clients {
  readonly #onChange: () => void;
  readonly #running = new Set<RunContext>();
  readonly #ports = new Set<number>();
  readonly id = ++lastId;
  #reported: string | null = null;
  #looking = false;

  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  async listen(): Promise<number> {
    return this.id;
  }

  get count(): number {
    return this.#running.size;
  }

  start(context: RunContext): void {
    current = this;
    this.#running.add(context);
    this.look();
  }

  end(context: RunContext): void {
    this.#running.delete(context);
    timers.forget(context);
    this.#reported = null;
    this.#onChange();
    this.look();
  }

  await(port: number): void {
    this.#ports.add(port);
    this.look();
  }

  answered(port: number): void {
    this.#ports.delete(port);
    this.look();
  }

  idleness(): readonly Idleness[] | null {
    if (this.#running.size === 0 || this.#reported === null) return null;
    return [{ dueAt: timers.nextDue(), processes: 0, ports: [...this.#ports] }];
  }

  async confirm(): Promise<boolean> {
    await turn();
    return this.#reported !== null && this.#describe() === this.#reported;
  }

  async settle(): Promise<void> {
    await turn();
    await turn();
  }

  tellTime(verb: 'time' | 'now', at: number): void {
    if (this.#running.size === 0) return;
    setTime(at);
    this.#reported = null;
    if (verb === 'now') timers.fireDue();
    this.look();
  }

  /** Looks again and again until all only wait, and says so once. */
  look(): void {
    if (this.#looking || this.#running.size === 0) return;
    this.#looking = true;
    setImmediate(() => setImmediate(() => this.#lookOnce()));
  }

  stop(reason: string): void {
    throw new Error(reason);
  }

  close(): void {
    this.#running.clear();
  }

  #lookOnce(): void {
    this.#looking = false;
    const found = this.#describe();
    if (found === null) this.look();
    else if (found !== this.#reported) {
      this.#reported = found;
      this.#onChange();
    }
  }

  /** null: something runs. */
  #describe(): string | null {
    return activity.onlyWaits() ? `${timers.nextDue()} ${[...this.#ports].join()}` : null;
  }
}

/** After this, what was waiting for its turn has had it. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}
