import type { Replica } from '@azure/arm-appcontainers';
import { readIfAllowed, readIfThere } from '../../../io/read-optional.ts';
import type { ChangeMark, Observation, Operation, RestorePoint } from '../../../model/workload.ts';
import { type AppState, type ContainerApp, findRevision, listReplicas, readApp } from './app.ts';
import { readChangeStatus } from './change-status.ts';
import { judgeRevision } from './decide-observation.ts';
import type { OwnChange, OwnChanges } from './own-change.ts';
import { findTrouble, type Trouble } from './replica-trouble.ts';
import { servedBefore, trafficBefore } from './restore-data.ts';
import { isUp, type RevisionState, toRevisionState } from './revision-state.ts';
import { finalTraffic, followsLatest, isName, isSameTraffic, pinned, readTraffic, withShare } from './traffic-table.ts';

/** Our operation, once the platform lists our revision, or says that it never will. */
export async function findOurOperation(
  app: ContainerApp,
  changes: OwnChanges,
  { mark, point }: { readonly mark: ChangeMark; readonly point: RestorePoint },
): Promise<Operation | null> {
  const own = changes.begin(mark, point);
  const revision = await findRevision(app, mark);
  const hasFailed = !revision && (await readChangeStatus(app, own.statusUrl)).error !== null;
  // One that failed is an operation too: `observe` says why.
  return revision || hasFailed ? { id: mark, mark, goal: { kind: 'up' }, revision: mark } : null;
}

/** One look at our revision: at its replicas alone, in one call, while they start and are shown as they were. */
export async function observeRevision(app: ContainerApp, own: OwnChange, operation: Operation): Promise<Observation> {
  // One whose traffic moves has started already.
  const replicas = operation.goal.kind === 'up' ? await tryListReplicas(app, own.mark) : null;
  const isQuiet = replicas !== null && replicas.length > 0 && findTrouble(replicas) === null;
  const still = isQuiet && own.troubledSince === null ? own.looks.still(operation, replicas) : null;
  if (still) return still;
  const judged = await lookAtAll(app, own, { operation, replicas });
  const nearEnd = judged.status === 'progressing' && isQuiet && replicas.every(isRunning);
  return own.looks.note(operation, replicas, { ...judged, ...(nearEnd ? { nearEnd } : {}) });
}

async function lookAtAll(
  app: ContainerApp,
  own: OwnChange,
  { operation, replicas }: { readonly operation: Operation; readonly replicas: readonly Replica[] | null },
): Promise<Observation> {
  const found = await findRevision(app, own.mark);
  const ours = found && toRevisionState(found);
  const state = await readApp(app);
  const starting = ours && !isUp(ours) ? (replicas ?? (await tryListReplicas(app, own.mark))) : null;
  const trouble = starting && findTrouble(starting);
  const { error } =
    ours && state.provisioningState !== 'failed' ? { error: null } : await readChangeStatus(app, own.statusUrl);
  if (ours && isUp(ours) && ours.replicas === 0) warnOfNoReplica(app, own.mark);
  return judgeRevision({
    goal: operation.goal,
    mark: own.mark,
    ours,
    foreign: findForeign(own, state),
    readyRevision: followsReady(state) ? state.latestReady : null,
    trafficIsSo: isTrafficSo(own, operation, { state, ours }),
    busy: state.provisioningState === 'inprogress',
    changeError: error,
    trouble,
    troubledMs: timeTrouble(own, app.io.clock.now(), isTroubled(operation, ours, trouble)),
  });
}

/** Null: they may not be listed, or there is no such revision (yet). */
async function tryListReplicas(app: ContainerApp, mark: ChangeMark): Promise<readonly Replica[] | null> {
  const read = () => readIfThere(() => listReplicas(app, mark));
  return await readIfAllowed(app, 'noticing containers that fail early', read);
}

/** What is missing is that it answers. */
function isRunning({ containers = [] }: Replica): boolean {
  return containers.length > 0 && containers.every(({ runningState }) => runningState?.toLowerCase() === 'running');
}

/** No data is not a pass: that it could not start would be seen by the first user. */
function warnOfNoReplica({ io, warned }: ContainerApp, mark: ChangeMark): void {
  if (!warned.has(mark)) {
    io.log.warning(
      `${mark} has scaled to zero: nothing shows whether it works until a request wakes it, as smoke tests do`,
    );
  }
  warned.add(mark);
}

/** Somebody else's change, in words; null: there is none. */
export function findForeign({ mark, data }: OwnChange, state: AppState): string | null {
  const known = [data.latest, mark];
  if (state.latestRevision !== '' && !known.some((name) => isName(name, state.latestRevision))) {
    return `${state.latestRevision} was deployed after ours`;
  }
  if (data.traffic === '' || !state.ingress) return null;
  const expected = [...servedBefore(data), mark];
  const other = readTraffic(state.traffic).find(
    ({ revision, weight }) => weight > 0 && revision !== null && !expected.some((name) => isName(revision, name)),
  );
  return other ? `somebody gave ${other.revision} ${other.weight} % of the traffic` : null;
}

function followsReady(state: AppState): boolean {
  return state.mode === 'single' || (state.ingress !== null && followsLatest(readTraffic(state.traffic)));
}

function isTrafficSo(
  { mark, data }: OwnChange,
  { goal }: Operation,
  { state, ours }: { readonly state: AppState; readonly ours: RevisionState | null },
): boolean {
  if (goal.kind === 'up' || data.traffic === '') return true;
  const before = trafficBefore(data);
  const percent = goal.kind === 'weight' ? goal.percent : 100;
  const now = readTraffic(state.traffic);
  const wanted =
    goal.kind === 'weight' ? withShare(pinned(before, data.ready), mark, percent) : finalTraffic(before, mark);
  const isAskedFor = isSameTraffic(now, wanted) || (percent === 100 && followsLatest(now));
  return isAskedFor && ours?.share === percent;
}

/** While it starts, not being healthy is no trouble: a large model takes minutes. Once it was up, it is. */
function isTroubled({ goal }: Operation, ours: RevisionState | null, trouble: Trouble | null): boolean {
  if (trouble !== null || ours?.running === 'degraded') return true;
  return goal.kind !== 'up' && ours?.health === 'unhealthy';
}

function timeTrouble(own: OwnChange, now: number, isNow: boolean): number {
  own.troubledSince = isNow ? (own.troubledSince ?? now) : null;
  return own.troubledSince === null ? 0 : now - own.troubledSince;
}
