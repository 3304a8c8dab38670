import type { VirtualClock } from '../simulators/clock/clock.ts';
import type { RunningStage } from '../simulators/process-pool/process-pool.ts';

/** As the runner cancels a step, with its waits in virtual time: SIGINT, SIGTERM after 7.5 s, SIGKILL after 2.5 s more. */
export function cancelInVirtualTime(main: RunningStage, clock: VirtualClock): void {
  const startedAt = clock.now();
  void main.signal('SIGINT');
  const stop = clock.every(2_500, async (now) => {
    if (now - startedAt >= 7_500) await main.signal('SIGTERM');
    if (now - startedAt < 10_000) return;
    stop();
    await main.signal('SIGKILL');
  });
}
