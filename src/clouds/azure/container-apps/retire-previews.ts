import { readIfPossible } from '../../../io/read-optional.ts';
import { type AppState, type ContainerApp, listActiveRevisions } from './app.ts';
import { tryDeactivate } from './deactivate.ts';
import type { RevisionOperation } from './operation.ts';
import { findOurRevision } from './revision-name.ts';
import { toRevisionState } from './revision-state.ts';
import { isName, readTraffic, shareOf } from './traffic-table.ts';

/**
 * Previews of earlier runs that no deployment continued from keep running, and cost, and an app has 100 active revisions at
 * most. One that was deployed and lost its traffic to a user's own rollback is not told from them. They are looked for
 * only where the newest revision before ours was one of them, or was made by another user above one. One that a label
 * points to stays.
 */
export async function retirePreviews(app: ContainerApp, operation: RevisionOperation, state: AppState): Promise<void> {
  const { mark, previous } = operation;
  const now = app.io.clock.now();
  const ours = findOurRevision(mark, now);
  const newest = previous.pinnedBy ?? previous.latest;
  const isPreview = previous.traffic !== null && shareOf(previous.traffic, newest, previous.ready) === 0;
  if (!ours || !isPreview || !findOurRevision(newest, now)) return;
  const named = readTraffic(state.traffic).map(({ revision }) => revision);
  const listed = await readIfPossible(app.io.log, 'deactivating earlier previews', () => listActiveRevisions(app));
  for (const { name, active, share } of (listed ?? []).map(toRevisionState)) {
    const madeAt = findOurRevision(name, now)?.madeAt;
    const isEarlier = madeAt !== undefined && madeAt <= ours.madeAt && !isName(name, mark);
    if (!active || share > 0 || !isEarlier || named.some((revision) => isName(revision, name))) continue;
    await tryDeactivate(app, name, 'an earlier revision of this action without traffic');
  }
}
