import { virtualNow } from '../../simulators/clock/child-dates.mjs';
import { VirtualTimers } from '../../simulators/clock/child-timers.mjs';
import { contexts, type RunContext } from './run-context.ts';

type Timer = Parameters<VirtualTimers['add']>[0];

/** Virtual timers that know which step set them. */
export class StepTimers extends VirtualTimers {
  readonly #owners = new Map<Timer, RunContext | undefined>();

  constructor(onChange: () => void) {
    super(virtualNow, onChange);
  }

  override add(timer: Timer): void {
    this.#owners.set(timer, contexts.getStore());
    super.add(timer);
  }

  override remove(timer: Timer): void {
    this.#owners.delete(timer);
    super.remove(timer);
  }

  /** As when a process ends: none of its timers fires. */
  forget(context: RunContext): void {
    for (const [timer, owner] of this.#owners) if (owner === context) this.remove(timer);
  }
}
