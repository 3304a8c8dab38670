import type { Replica, Revision } from '@azure/arm-appcontainers';
import { readIfAllowed, readIfThere } from '../../../io/read-optional.ts';
import type { ChangeMark } from '../../../model/restore-point.ts';
import type { Watch } from '../../../model/workload.ts';
import { type FullRead, type Reading, reuseWhileSame, watchSparsely } from '../../sparse-watch.ts';
import { type AppState, type ContainerApp, findRevision, listReplicas, readApp } from './app.ts';
import { readChangeStatus } from './change-status.ts';
import { decideObservation } from './decide-observation.ts';
import { findForeign, findForeignChange } from './foreign.ts';
import type { RevisionOperation } from './operation.ts';
import { findTrouble, type Trouble } from './replica-trouble.ts';
import { previousTraffic } from './restore-data.ts';
import { isUp, type RevisionState, toRevisionState } from './revision-state.ts';
import { finalTraffic, followsLatest, hasSameShares, pinned, readTraffic, withShare } from './traffic-table.ts';

/** Watches our revision by its replicas alone, in one call, while they start and are shown unchanged. */
export function watchRevision(app: ContainerApp, operation: RevisionOperation): Watch {
  const watched: Watched = { app, operation, troubledSince: null, wasInForce: false, hasRun: false };
  const source = {
    poll: (last: Last | null) => poll(watched, last),
    readAll: (polled: Polled) => readAll(watched, polled),
    reuse: (polled: Polled, last: Last) => reuse(watched, polled, last),
  };
  return watchSparsely(source, app.io.clock);
}

interface Watched {
  readonly app: ContainerApp;
  readonly operation: RevisionOperation;
  /** Since when something is wrong with our revision without a break; null: nothing is. */
  troubledSince: number | null;
  /** A healthy replica was seen. */
  hasRun: boolean;
  /** The traffic was as requested once. */
  wasInForce: boolean;
}

/** Nothing: a full read is due. null: it may not be read, or does not exist (yet). */
interface Polled {
  readonly revision?: Revision | null;
  readonly replicas?: Replicas;
}

type Replicas = readonly Replica[] | null;

interface RevisionReading extends Reading {
  readonly isListed: boolean;
  readonly replicas: Replicas;
}

type Last = FullRead<Polled, RevisionReading>;

async function poll({ app, operation }: Watched, last: Last | null): Promise<Polled> {
  // A revision whose traffic moves has started already.
  if (operation.goal.kind !== 'up') return {};
  const isListed = last ? last.reading.isListed : operation.statusUrl === null;
  if (!isListed) return { revision: await findRevision(app, operation.mark) };
  return { replicas: await tryListReplicas(app, operation.mark) };
}

function reuse({ troubledSince }: Watched, { replicas = null }: Polled, last: Last): RevisionReading | null {
  if (troubledSince !== null || !isQuiet(replicas)) return null;
  return reuseWhileSame({ replicas }, { ...last, polled: { replicas: last.reading.replicas } });
}

/** Null: they may not be listed, or there is no such revision (yet). */
async function tryListReplicas(app: ContainerApp, mark: ChangeMark): Promise<Replicas> {
  const read = () => readIfThere(() => listReplicas(app, mark));
  return await readIfAllowed(app, 'noticing containers that fail early', read);
}

function isQuiet(replicas: Replicas): replicas is readonly Replica[] {
  return replicas !== null && replicas.length > 0 && findTrouble(replicas) === null;
}

async function readAll(watched: Watched, polled: Polled): Promise<RevisionReading> {
  const { app, operation } = watched;
  const found = polled.revision === undefined ? await findRevision(app, operation.mark) : polled.revision;
  return found ? await readListed(watched, polled, toRevisionState(found)) : await readUnlisted(watched);
}

async function readUnlisted(watched: Watched): Promise<RevisionReading> {
  const { app, operation } = watched;
  const { isDone, error } = await readChangeStatus(app, operation.statusUrl);
  // While Azure makes it, the app shows nothing that is new.
  const state = isDone && error === null ? await readApp(app) : null;
  const foreign = state && findForeign(app, operation, { state, isListed: false });
  watched.troubledSince = null;
  const observation = decideObservation({ ...UNLISTED, operation, foreign, changeError: error });
  return { observation, nearEnd: null, usualMs: null, isListed: false, replicas: null };
}

const UNLISTED = {
  ours: null,
  readyRevision: null,
  isTrafficInForce: false,
  busy: false,
  trouble: null,
  hasRun: false,
  troubledMs: 0,
} as const;

async function readListed(watched: Watched, polled: Polled, ours: RevisionState): Promise<RevisionReading> {
  const { app, operation } = watched;
  const state = await readApp(app);
  const starting = isUp(ours) ? null : (polled.replicas ?? (await tryListReplicas(app, operation.mark)));
  const trouble = starting && findTrouble(starting);
  const isFailed = state.provisioningState === 'failed';
  const { error } = isFailed ? await readChangeStatus(app, operation.statusUrl) : { error: null };
  watched.hasRun ||= isUp(ours) && ours.replicas > 0;
  const isRequested = isTrafficRequested(operation, state);
  const observation = decideObservation({
    operation,
    ours,
    foreign: findOthers(watched, state, isRequested),
    readyRevision: followsReady(state) ? state.latestReady : null,
    isTrafficInForce: isRequested && isInForce(operation, ours),
    busy: await isBusy(watched, state),
    changeError: error,
    trouble,
    hasRun: watched.hasRun,
    troubledMs: timeTrouble(watched, isTroubled(operation, ours, trouble)),
  });
  const replicas = starting ?? polled.replicas ?? null;
  const nearEnd = isQuiet(replicas) && replicas.every(isRunning) ? true : null;
  return { observation, nearEnd, usualMs: null, isListed: true, replicas };
}

/** What is missing is that it answers. */
function isRunning({ containers = [] }: Replica): boolean {
  return containers.length > 0 && containers.every(({ runningState }) => runningState?.toLowerCase() === 'running');
}

/** A change that is not ours, in words; null: there is none. */
function findOthers(watched: Watched, state: AppState, isRequested: boolean): string | null {
  const { app, operation } = watched;
  // The marker went with the last request, so another run may have begun.
  const isLast = operation.goal.kind === 'finished';
  const foreign = isLast
    ? findForeignChange(operation, { state, isListed: true })
    : findForeign(app, operation, { state });
  if (foreign) return foreign;
  const isMoved = watched.wasInForce && !isRequested;
  watched.wasInForce ||= operation.goal.kind === 'weight' && isRequested;
  return isMoved ? 'another deployment or user moved the traffic' : null;
}

function followsReady(state: AppState): boolean {
  return state.mode === 'single' || (state.ingress !== null && followsLatest(readTraffic(state.traffic)));
}

/** By the app's document, which may be ahead of what is in force. */
function isTrafficRequested({ goal, mark, previous }: RevisionOperation, state: AppState): boolean {
  if (goal.kind === 'up' || previous.traffic === null) return true;
  const traffic = previousTraffic(previous);
  const percent = goal.kind === 'weight' ? goal.percent : 100;
  const now = readTraffic(state.traffic);
  const byName = withShare(pinned(traffic, previous.ready), mark, percent);
  const desired = goal.kind === 'weight' ? byName : finalTraffic(traffic, mark);
  return [desired, byName].some((one) => hasSameShares(now, one)) || (percent === 100 && followsLatest(now));
}

function isInForce({ goal, previous }: RevisionOperation, ours: RevisionState): boolean {
  if (goal.kind === 'up' || previous.traffic === null) return true;
  return ours.share === (goal.kind === 'weight' ? goal.percent : 100);
}

/** A change of the app is in progress that ours has to wait for. */
async function isBusy({ app, operation }: Watched, state: AppState): Promise<boolean> {
  if (state.provisioningState !== 'inprogress') return false;
  return operation.goal.kind !== 'finished' || !(await readChangeStatus(app, operation.statusUrl)).isDone;
}

/** While it starts, not being healthy is no trouble: a large model takes minutes. Once it was up, it is. */
function isTroubled({ goal }: RevisionOperation, ours: RevisionState, trouble: Trouble | null): boolean {
  if (trouble !== null) return trouble.evidence !== 'passing';
  if (ours.running === 'degraded') return true;
  return goal.kind !== 'up' && ours.health === 'unhealthy';
}

function timeTrouble(watched: Watched, isNow: boolean): number {
  const now = watched.app.io.clock.now();
  watched.troubledSince = isNow ? (watched.troubledSince ?? now) : null;
  return watched.troubledSince === null ? 0 : now - watched.troubledSince;
}
