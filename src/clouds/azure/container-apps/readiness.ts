import type { Revision } from '@azure/arm-appcontainers';
import { readIfPossible } from '../../../io/read-optional.ts';
import { textAt } from '../../../model/json.ts';
import type { Readiness } from '../../../model/readiness.ts';
import { joinSentences } from '../../../model/sentences.ts';
import { type AppState, type ContainerApp, findRevision, listReplicas, readApp } from './app.ts';
import { isAwaited, isComingUp } from './base.ts';
import { decideReadiness, type NewestRevision } from './decide-readiness.ts';
import { findLastingTrouble } from './replica-trouble.ts';
import { findOurRevision } from './revision-name.ts';
import { describeState, toRevisionState } from './revision-state.ts';
import { type FoundMarkers, findMarkers } from './rollout-tags.ts';

/**
 * Is the app free? Reads everything that our own change will be watched by, so that a missing permission is found now and
 * not when the change is live. A change that failed leaves the app free: the next one is often the fix.
 */
export async function readReadiness(app: ContainerApp): Promise<Readiness> {
  const state = await readApp(app);
  const newest = state.latestRevision === '' ? null : await findRevision(app, state.latestRevision);
  const found = findMarkers(state.document, app.resource);
  const decided = decideReadiness({
    now: app.io.clock.now(),
    ...found,
    changeInProgress: state.provisioningState === 'inprogress' ? describeChange(state) : null,
    newest: newest && found.markers.length === 0 ? await describeNewest(app, state, newest) : null,
  });
  if (decided.status !== 'busy') warnOfUnreadable(app, found);
  return decided;
}

function describeChange({ document }: AppState): string {
  const by = textAt(document, 'systemData', 'lastModifiedBy');
  const at = textAt(document, 'systemData', 'lastModifiedAt').slice(0, 19);
  return `a change that is not ours is InProgress${by === '' ? '' : `, by ${by} at ${at}Z`}`;
}

/** null: it is up, or has ended, or is to get no traffic. */
async function describeNewest(app: ContainerApp, state: AppState, newest: Revision): Promise<NewestRevision | null> {
  if (!isAwaited(state, newest)) return null;
  const { latestRevision: name } = state;
  const now = app.io.clock.now();
  const read = () => listReplicas(app, name);
  const replicas = await readIfPossible(app.io.log, `what ${name} is waiting for`, read);
  return {
    name,
    isOurs: findOurRevision(name, now) !== null,
    state: describeState(toRevisionState(newest)),
    trouble: findLastingTrouble(replicas),
    isComingUp: isComingUp(state, newest, now),
  };
}

/** Nothing is restored from what can't be read. */
function warnOfUnreadable({ io, resource, warned }: ContainerApp, { unreadable }: FoundMarkers): void {
  for (const { id } of unreadable) {
    const tag = `deploy-agent-rollout-${id}-1`;
    if (warned.has(tag)) continue;
    warned.add(tag);
    const what = `${resource} has the marker of a rollout that can't be read (tag ${tag}); it is ignored`;
    io.log.warning(joinSentences(what, 'If a run left it, check which revision serves, and remove the tag.'));
  }
}
