import { ConflictError } from '../model/conflict.ts';
import type { Outcome } from '../model/outcome.ts';
import { deploy } from './deploy.ts';
import { openJournal } from './journal.ts';
import type { Rollout } from './rollout.ts';
import { identifyRun } from './run-identity.ts';
import { type WaitRequest, waitUntilFree } from './wait-until-free.ts';

/** A rollout before it has its turn. */
export type Turn = Omit<Rollout, 'run' | 'journal'> & WaitRequest;

/**
 * Deploys when no one else changes the workload. `reopen`: what depends on the workload, read again, as another run may have
 * changed it; it gets the deadline, later by what restoring took. One that is found only while the change is sent is
 * waited for too, with a run of its own.
 * @throws DeployError as `waitUntilFree`, `deploy` and `reopen`
 */
export async function deployInTurn(turn: Turn, reopen: (deadline: number) => Promise<Partial<Turn>>): Promise<Outcome> {
  const { onConflict, io } = turn;
  for (;;) {
    const { hasWaited, restoringMs } = await waitUntilFree(turn);
    const deadline = turn.deadline + restoringMs;
    const current: Turn = { ...turn, ...(hasWaited ? await reopen(deadline) : {}), deadline };
    try {
      return await deploy({ ...current, run: identifyRun(io), journal: openJournal(io) });
    } catch (error) {
      const isOver = io.clock.now() >= deadline;
      if (!(error instanceof ConflictError) || onConflict === 'fail' || isOver) throw error;
      io.log.info(error.message);
    }
  }
}
