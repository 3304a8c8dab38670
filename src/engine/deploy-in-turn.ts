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
 * changed it. One that is found only while the change is sent is waited for too, with a run of its own.
 * @throws DeployError as `waitUntilFree`, `deploy` and `reopen`
 */
export async function deployInTurn(turn: Turn, reopen: () => Promise<Partial<Turn>>): Promise<Outcome> {
  const { onConflict, io } = turn;
  const found: string[] = [];
  for (;;) {
    const { hasWaited, restoringMs, notes } = await waitUntilFree(turn);
    found.push(...notes);
    const deadline = turn.deadline + restoringMs;
    const current: Turn = { ...turn, ...(hasWaited ? await reopen() : {}), deadline };
    try {
      const outcome = await deploy({ ...current, run: identifyRun(io), journal: openJournal(io) });
      return { ...outcome, notes: [...found, ...outcome.notes] };
    } catch (error) {
      const isOver = io.clock.now() >= deadline;
      if (!(error instanceof ConflictError) || onConflict === 'fail' || isOver) throw error;
      io.log.info(error.message);
    }
  }
}
