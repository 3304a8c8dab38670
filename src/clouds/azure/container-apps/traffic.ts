import { DeployError, isTransient } from '../../../model/errors.ts';
import { superseded } from '../../../model/superseded.ts';
import { type Endpoint, type Operation, openEndpoint, type TrafficControl } from '../../../model/workload.ts';
import { type AppState, type ContainerApp, deactivateRevision, findRevision, patchApp, readApp } from './app.ts';
import { findForeign } from './observe.ts';
import type { OwnChange, OwnChanges } from './own-change.ts';
import { servedBefore, trafficBefore } from './restore-data.ts';
import { followedWhenMade } from './revision-name.ts';
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

export function openTrafficControl(
  app: ContainerApp,
  changes: OwnChanges,
  keepPrevious: 'active' | 'inactive',
): TrafficControl {
  return {
    async setWeight(operation, percent, point) {
      const own = changes.begin(operation.mark, point);
      const wanted = withShare(pinned(trafficBefore(own.data), own.data.ready), own.mark, percent);
      await moveTraffic(app, own, { percent, wanted });
      return { ...operation, goal: { kind: 'weight', percent } };
    },
    async finish(operation, point) {
      const own = changes.begin(operation.mark, point);
      await moveTraffic(app, own, { percent: null, wanted: finalTraffic(formOfTraffic(own), own.mark) });
      if (keepPrevious === 'inactive') await retirePrevious(app, own, await ensureInForce(app, own));
      return { ...operation, goal: { kind: 'finished' } };
    },
    preview: (operation) => findPreview(app, operation),
  };
}

/** What it was before, also where an earlier run has pinned it for a revision that this one goes on from. */
function formOfTraffic({ data, mark, isResumed }: OwnChange): readonly TrafficEntry[] {
  const before = trafficBefore(data);
  if (!isResumed || !followedWhenMade(mark)) return before;
  return [{ revision: null, weight: 100, label: null }, ...before.map((entry) => ({ ...entry, weight: 0 }))];
}

interface Move {
  /** null: in the user's own form. */
  readonly percent: number | null;
  readonly wanted: readonly TrafficEntry[];
}

/** @throws DeployError SUPERSEDED when somebody else deployed or moved the traffic meanwhile */
async function moveTraffic(app: ContainerApp, own: OwnChange, move: Move): Promise<void> {
  if (own.data.traffic === '') return;
  const state = await readApp(app);
  const foreign = findForeign(own, state);
  if (foreign) {
    throw superseded(`could not move the traffic to ${own.mark}: ${foreign}`);
  }
  if (isThere(own, state, move)) return;
  own.statusUrl = (await patchApp(app, { traffic: toDocument(move.wanted) })).operationUrl;
}

/**
 * The app's document is ahead of the traffic that is in force, and stays so where moving it failed: what ran before is
 * not ended on the word of the document.
 * @throws DeployError THROTTLED: not yet
 */
async function ensureInForce(app: ContainerApp, own: OwnChange): Promise<AppState> {
  const state = await readApp(app);
  const isBusy = state.provisioningState === 'inprogress';
  const hasAll = own.data.traffic === '' || (await findRevision(app, own.mark))?.trafficWeight === 100;
  if (!isBusy && hasAll) return state;
  const why = isBusy ? 'a change of the app is under way' : 'it still gets traffic';
  throw new DeployError('THROTTLED', `could not end what ran before ${own.mark} yet: ${why}`, {
    hint: 'Run again when no other change of the app is under way.',
  });
}

function isThere(own: OwnChange, state: AppState, { percent, wanted }: Move): boolean {
  const now = readTraffic(state.traffic);
  // All of it follows the latest by itself, and that is ours.
  const follows = percent === 100 && followsLatest(now) && isName(state.latestReady, own.mark);
  return follows || isSameTraffic(now, wanted);
}

/**
 * Revisions that no longer get traffic still run, and cost, in Multiple mode. Before the deploy is said to be done and not
 * after: a kill in between is a revert like any other, which wakes them up again. One that a label leads to stays.
 */
async function retirePrevious(app: ContainerApp, own: OwnChange, state: AppState): Promise<void> {
  const labelled = readTraffic(state.traffic).filter(({ label }) => label !== null);
  for (const name of servedBefore(own.data).filter((served) => !isName(served, own.mark))) {
    if (labelled.some(({ revision }) => isName(revision, name))) {
      app.io.log.info(`${name} stays active: a label leads to it`);
      continue;
    }
    await tryRetire(app, name);
  }
}

async function tryRetire(app: ContainerApp, name: string): Promise<void> {
  try {
    if ((await findRevision(app, name))?.active !== true) return;
    await deactivateRevision(app, name);
    app.io.log.info(`deactivated ${name}, which gets no traffic any more`);
  } catch (error) {
    // Asked again while there is time.
    if (!(error instanceof DeployError) || isTransient(error) || error.code === 'CANCELLED') throw error;
    const { name: appName, resourceGroup } = app;
    const command = `az containerapp revision deactivate --name ${appName} --resource-group ${resourceGroup} --revision ${name}`;
    app.io.log.warning(`${error.message}. It goes on running without traffic: ${command}`);
  }
}

/** Where our revision, and no other, answers: at its own address, which needs no label. */
async function findPreview(app: ContainerApp, { mark }: Operation): Promise<Endpoint | null> {
  const revision = await findRevision(app, mark);
  return revision?.fqdn ? openEndpoint(`https://${revision.fqdn}`) : null;
}
