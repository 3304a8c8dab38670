import { readIfPossible } from '../../../io/read-optional.ts';
import type { Restoration } from '../../../model/restore-point.ts';
import { failed } from '../../restoration-answers.ts';
import { findEarlyFailure } from './early-failure.ts';
import { type EcsService, shortRevision } from './service.ts';
import { listOurTasks } from './stopped-tasks.ts';

export interface Restoring {
  /** ARN of the task definition. */
  readonly previous: string;
  /** AWS's clock, in milliseconds since 1970; null: it has not begun, as far as is known. */
  readonly since: number | null;
  readonly elapsedMs: number;
  /** Tasks that the service should run. */
  readonly desired: number;
}

/** No task can have failed twice by then. */
const FIRST_MS = 10_000;

/**
 * A rollback is watched as a rollout is: where tasks of the previous revision can't start (an image that is gone, a secret
 * that was deleted), ECS itself goes on trying without an end.
 */
export async function watchPrevious(
  ecs: EcsService,
  answer: Restoration,
  { previous, since, elapsedMs, desired }: Restoring,
): Promise<Restoration> {
  if (answer.status !== 'progressing' || since === null || elapsedMs < FIRST_MS) return answer;
  const revision = shortRevision(previous);
  const stopped = await readIfPossible(ecs.io.log, `the stopped tasks of ${revision}`, () =>
    listOurTasks(ecs, previous, 'STOPPED'),
  );
  const ofIt = (stopped ?? []).filter((task) => (task.createdAt?.getTime() ?? 0) >= since);
  const failure = findEarlyFailure(ofIt, desired);
  return failure === null ? answer : failed(`${revision} is being restored and does not start: ${failure}`).answer;
}
