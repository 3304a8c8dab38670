import { failed, waiting } from '../../restoration-answers.ts';
import { type Decision, isResumed, type RestorationFacts } from './restoration-facts.ts';
import { describeState, hasFailed, isUp, needsActivation, type RevisionState } from './revision-state.ts';
import type { TrafficEntry } from './traffic-table.ts';

/** Gives the previous revisions this traffic, as soon as they can serve it. */
export function bringBack(facts: RestorationFacts, traffic: readonly TrafficEntry[]): Decision {
  const { previouslyServing, mark, ours, trouble } = facts;
  const inactive = previouslyServing.find(needsActivation);
  if (inactive) return { act: 'activate', revision: inactive.name };
  const starting = previouslyServing.find((revision) => !isUp(revision) && !hasFailed(revision));
  // While ours can still answer, users stay with it until the previous revision can.
  if (starting && ours && isUp(ours)) {
    if (trouble !== null) return failed(`${starting.name}, which served before ${mark}, does not start: ${trouble}`);
    const state = describeState(starting);
    return waiting('ACTIVATING', `waiting for ${starting.name} before ${mark} loses its traffic (${state})`);
  }
  return { act: 'move-traffic', traffic };
}

/** Of those that no one needs any more; null: none is active. */
export function deactivateNext(leftovers: readonly (RevisionState | null)[]): Decision | null {
  const next = leftovers.find((revision) => revision?.active);
  return next ? { act: 'deactivate', revision: next.name } : null;
}

/** What this run made and has no traffic: ours, and the copy that restored the template; null: nothing is to be deactivated. */
export function deactivateOurs(facts: RestorationFacts): Decision | null {
  const { ours, restored } = facts;
  const made = isResumed(facts) ? [restored] : [ours, restored];
  return deactivateNext(made.filter((revision) => revision?.share === 0));
}
