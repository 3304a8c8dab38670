import { failed, waiting } from '../../restoration-answers.ts';
import { type Decision, isResumed, type RestorationFacts } from './restoration-facts.ts';
import { describeState, hasFailed, isUp, type RevisionState } from './revision-state.ts';
import type { TrafficEntry } from './traffic-table.ts';

/** Gives the previous revisions this traffic, as soon as they can serve it. */
export function bringBack(facts: RestorationFacts, traffic: readonly TrafficEntry[]): Decision {
  const { previouslyServing, mark, ours, trouble } = facts;
  const inactive = previouslyServing.find(({ active }) => !active);
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

/** Our revision without traffic, which a deploy of this run made; null: there is nothing to deactivate. */
export function deactivateOurs(facts: RestorationFacts): Decision | null {
  const { ours } = facts;
  return ours?.share === 0 && !isResumed(facts) ? deactivateNext([ours]) : null;
}
