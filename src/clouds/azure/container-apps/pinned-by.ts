import { readIfPossible } from '../../../io/read-optional.ts';
import { type AppState, type ContainerApp, listRevisions } from './app.ts';
import { findOurRevision } from './revision-name.ts';
import { followsLatest, isName, readTraffic, servingRevisions } from './traffic-table.ts';

/**
 * The revision of ours that has pinned the traffic, where another user's revision is the newest and doesn't serve: a preview,
 * or a rollout that gave way to that user. Its name says what form the user's own traffic had. It is our newest one, and
 * newer than what serves. null: there is none.
 */
export async function findPinningRevision(app: ContainerApp, state: AppState): Promise<string | null> {
  const { mode, ingress, latestRevision, latestReady } = state;
  const traffic = readTraffic(state.traffic);
  const now = app.io.clock.now();
  if (mode !== 'multiple' || !ingress || followsLatest(traffic) || findOurRevision(latestRevision, now)) return null;
  const serving = servingRevisions(traffic, latestReady);
  const serves = (name = ''): boolean => serving.some((one) => isName(one, name));
  if (serves(latestRevision)) return null;
  const listed = await readIfPossible(app.io.log, 'finding what has pinned the traffic', () => listRevisions(app));
  const revisions = (listed ?? []).toSorted((one, other) => madeAt(other) - madeAt(one));
  const newest = revisions.find(({ name = '' }) => serves(name) || findOurRevision(name, now))?.name ?? '';
  return newest === '' || serves(newest) ? null : newest;
}

/** Milliseconds since 1970. */
function madeAt({ createdTime }: { readonly createdTime?: Date }): number {
  return createdTime?.getTime() ?? 0;
}
