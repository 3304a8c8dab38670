import { type Endpoint, openEndpoint } from '../../../model/endpoint.ts';
import { DeployError } from '../../../model/errors.ts';
import { superseded } from '../../../model/superseded.ts';
import type { Operation, TrafficControl } from '../../../model/workload.ts';
import { type AppState, type ContainerApp, findRevision, patchApp, readApp } from './app.ts';
import { tryDeactivate } from './deactivate.ts';
import type { RevisionOperation } from './deploy.ts';
import { findForeign } from './observe.ts';
import { followsWhenDone, previouslyServing, previousTraffic } from './restore-data.ts';
import { retirePreviews } from './retire-previews.ts';
import {
  finalTraffic,
  followsLatest,
  isName,
  isSameTraffic,
  pinned,
  readTraffic,
  type TrafficEntry,
  toDocument,
  withShare,
} from './traffic-table.ts';

export function openTrafficControl(app: ContainerApp): TrafficControl {
  return {
    by: 'us',
    async setWeight(operation: RevisionOperation, { percent }) {
      const { mark, previous } = operation;
      const desired = withShare(pinned(previousTraffic(previous), previous.ready), mark, percent);
      const statusUrl = await moveTraffic(app, operation, { percent, desired });
      return { ...operation, goal: { kind: 'weight', percent }, statusUrl } satisfies RevisionOperation;
    },
  };
}

/** See `Workload.finish`. In Single mode the platform does all of it. */
export async function finishRollout(
  app: ContainerApp,
  operation: RevisionOperation,
  { keepPrevious }: { readonly keepPrevious: 'active' | 'inactive' },
): Promise<RevisionOperation | null> {
  if (operation.previous.mode === 'single') return null;
  const desired = finalTraffic(userTraffic(operation, app.io.clock.now()), operation.mark);
  const statusUrl = await moveTraffic(app, operation, { percent: null, desired });
  if (keepPrevious === 'inactive') {
    const state = await ensureInForce(app, operation);
    await deactivatePrevious(app, operation, state);
    await retirePreviews(app, operation, state);
  }
  return { ...operation, goal: { kind: 'finished' }, statusUrl };
}

/** The form that it had, also where a preview of an earlier run has pinned it. */
function userTraffic({ previous }: RevisionOperation, nowMs: number): readonly TrafficEntry[] {
  const traffic = previousTraffic(previous);
  if (followsLatest(traffic) || !followsWhenDone(previous, nowMs)) return traffic;
  return [{ revision: null, weight: 100, label: null }, ...traffic.map((entry) => ({ ...entry, weight: 0 }))];
}

interface Move {
  /** null: in the user's own form. */
  readonly percent: number | null;
  readonly desired: readonly TrafficEntry[];
}

/**
 * @returns where Azure shows the progress of the last request
 * @throws DeployError SUPERSEDED when there is a newer deployment, or the traffic was moved meanwhile
 */
async function moveTraffic(app: ContainerApp, operation: RevisionOperation, move: Move): Promise<string | null> {
  const { mark, previous, statusUrl } = operation;
  if (previous.traffic === null) return statusUrl;
  const state = await readApp(app);
  const foreign = findForeign(operation, state);
  if (foreign) throw superseded(`could not move the traffic to ${mark}: ${foreign}`);
  if (isUnchanged(operation, state, move)) return statusUrl;
  return (await patchApp(app, { traffic: toDocument(move.desired) })).operationUrl;
}

function isUnchanged({ mark }: RevisionOperation, state: AppState, { percent, desired }: Move): boolean {
  const now = readTraffic(state.traffic);
  // All of it follows the latest by itself, and that is ours.
  const follows = percent === 100 && followsLatest(now) && isName(state.latestReady, mark);
  return follows || isSameTraffic(now, desired);
}

/**
 * The app's document is ahead of the traffic in force, and stays so where moving it failed: the previous revision is not
 * deactivated because of the document alone.
 * @throws DeployError THROTTLED: not yet
 */
async function ensureInForce(app: ContainerApp, { mark, previous }: RevisionOperation): Promise<AppState> {
  const state = await readApp(app);
  const isBusy = state.provisioningState === 'inprogress';
  const hasAll = previous.traffic === null || (await findRevision(app, mark))?.trafficWeight === 100;
  if (!isBusy && hasAll) return state;
  const why = isBusy ? 'a change of the app is in progress' : 'they still get traffic';
  throw new DeployError('THROTTLED', `could not deactivate the revisions before ${mark} yet: ${why}`, {
    hint: 'Run again when no other change of the app is in progress.',
  });
}

/**
 * In Multiple mode, revisions that no longer get traffic still run, and cost. They are deactivated before the deploy is
 * called done and not after: a kill in between leads to a rollback like any other, which activates them again. One that a
 * label points to stays.
 */
async function deactivatePrevious(app: ContainerApp, operation: RevisionOperation, state: AppState): Promise<void> {
  const { mark, previous } = operation;
  const labelled = readTraffic(state.traffic).filter(({ label }) => label !== null);
  for (const name of previouslyServing(previous).filter((served) => !isName(served, mark))) {
    if (labelled.some(({ revision }) => isName(revision, name))) {
      app.io.log.info(`${name} stays active: a label points to it`);
      continue;
    }
    await tryDeactivate(app, name, 'which gets no traffic any more');
  }
}

/** Where our revision, and no other, answers: at its own address, which needs no label. */
export async function findPreview(app: ContainerApp, { mark }: Operation): Promise<readonly Endpoint[]> {
  const revision = await findRevision(app, mark);
  return revision?.fqdn ? [openEndpoint(`https://${revision.fqdn}`)] : [];
}
