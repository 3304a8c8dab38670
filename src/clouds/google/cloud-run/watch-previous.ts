import { readIfPossible } from '../../../io/read-optional.ts';
import type { Restoration } from '../../../model/restore-point.ts';
import { failed } from '../../restoration-answers.ts';
import type { RestorationFacts } from './restoration-facts.ts';
import { findRevisionFailure } from './revision-state.ts';
import type { RunService } from './service.ts';
import { findRevision } from './typed-calls.ts';

/** Most restorations are in effect by then, and need no more than the service. */
const USUAL_MS = 5_000;

/**
 * A rollback is watched as a rollout is: where the previous revision can't serve (an image that is gone, a container that
 * crashes), its own conditions say so before the platform gives up.
 */
export async function watchPrevious(
  run: RunService,
  { answer, facts }: { readonly answer: Restoration; readonly facts: RestorationFacts },
): Promise<Restoration> {
  const { template, restoredBy, settled, elapsedMs, previous } = facts;
  const isOurs = template === 'previous' && restoredBy === 'us';
  if (!isOurs || settled || elapsedMs < USUAL_MS) return answer;
  const revision = await readIfPossible(run.io.log, `what ${previous} is waiting for`, () =>
    findRevision(run, previous),
  );
  const failure = revision && findRevisionFailure(revision);
  if (!failure) return answer;
  const why = [failure.reason, failure.message].filter((part) => part !== '').join(': ');
  return failed(`${previous} is being restored and is not ready (${why})`).answer;
}
