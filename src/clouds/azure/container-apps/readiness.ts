import { textAt } from '../../../model/json.ts';
import type { Readiness } from '../../../model/readiness.ts';
import { type ContainerApp, findRevision, readApp } from './app.ts';
import { isComingUp } from './base.ts';

/**
 * Is the app free? Reads everything that our own change will be watched by, so that a missing permission is found now and
 * not when the change is live. A change that failed leaves the app free: the next one is often the fix.
 */
export async function readReadiness(app: ContainerApp): Promise<Readiness> {
  const state = await readApp(app);
  const newest = state.latestRevision === '' ? null : await findRevision(app, state.latestRevision);
  if (state.provisioningState !== 'inprogress') {
    if (newest && isComingUp(state, newest, app.io.clock.now())) {
      const message = `revision ${state.latestRevision}, which is not ours, is starting`;
      return { status: 'busy', message };
    }
    return { status: 'free' };
  }
  const by = textAt(state.document, 'systemData', 'lastModifiedBy');
  const at = textAt(state.document, 'systemData', 'lastModifiedAt').slice(0, 19);
  const message = `a change that is not ours is InProgress${by === '' ? '' : `, by ${by} at ${at}Z`}`;
  return { status: 'busy', message };
}
