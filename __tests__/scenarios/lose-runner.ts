import type { ChildProcess } from 'node:child_process';
import type { Agent } from '../../simulators/agent.ts';

export interface LossAt {
  readonly operation: RegExp;
  /** From 1. */
  readonly nth: number;
  /** `before`: the call itself is lost too. Default: `after`. */
  readonly when?: 'before' | 'after';
}

/** A deploy whose runner is gone at this call: main is killed there, and post never runs. Returns main's log. */
export async function loseRunner(
  agent: Agent,
  inputs: Readonly<Record<string, string>>,
  { operation, nth, when = 'after' }: LossAt,
): Promise<string> {
  let [seen, lost] = [0, false];
  const stop: { call?: () => void } = {};
  const onStart = (child: ChildProcess): void => {
    // Post: nothing of it may happen.
    if (lost) return void child.kill('SIGKILL');
    stop.call = agent.world.edge.onCall((call, moment) => {
      if (lost || !operation.test(call.operation) || moment !== when || ++seen !== nth) return undefined;
      lost = true;
      child.kill('SIGKILL');
      return when === 'before' ? 'drop' : undefined;
    });
  };
  const { main } = await agent.deploy(inputs, { onStart });
  stop.call?.();
  if (!lost) throw new Error(`the runner was not lost: ${main.log}`);
  return main.log;
}
