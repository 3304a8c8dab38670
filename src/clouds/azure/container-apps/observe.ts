import type { Replica, Revision } from '@azure/arm-appcontainers';
import { readIfAllowed, readIfThere } from '../../../io/read-optional.ts';
import type { ChangeMark } from '../../../model/restore-point.ts';
import type { Watch } from '../../../model/workload.ts';
import { type FullRead, type Reading, reuseWhileSame, watchSparsely } from '../../sparse-watch.ts';
import { type AppState, type ContainerApp, findRevision, listReplicas, readApp } from './app.ts';
import { readChangeStatus } from './change-status.ts';
import { decideObservation } from './decide-observation.ts';
import type { RevisionOperation } from './deploy.ts';
import { findTrouble, type Trouble } from './replica-trouble.ts';
import { previouslyServing, previousTraffic } from './restore-data.ts';
import { isUp, type RevisionState, toRevisionState } from './revision-state.ts';
import { finalTraffic, followsLatest, isName, isSameTraffic, pinned, readTraffic, withShare } from './traffic-table.ts';

/** Watches our revision by its replicas alone, in one call, while they start and are shown unchanged. */
export function watchRevision(app: ContainerApp, operation: RevisionOperation): Watch {
  const watched: Watched = { app, operation, troubledSince: null };
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
  const foreign = isDone && error === null ? findForeign(operation, await readApp(app)) : null;
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
  troubledMs: 0,
} as const;

async function readListed(watched: Watched, polled: Polled, ours: RevisionState): Promise<RevisionReading> {
  const { app, operation } = watched;
  const state = await readApp(app);
  const starting = isUp(ours) ? null : (polled.replicas ?? (await tryListReplicas(app, operation.mark)));
  const trouble = starting && findTrouble(starting);
  const isFailed = state.provisioningState === 'failed';
  const { error } = isFailed ? await readChangeStatus(app, operation.statusUrl) : { error: null };
  if (isUp(ours) && ours.replicas === 0) warnOfNoReplica(app, operation.mark);
  const observation = decideObservation({
    operation,
    ours,
    foreign: findForeign(operation, state),
    readyRevision: followsReady(state) ? state.latestReady : null,
    isTrafficInForce: isTrafficInForce(operation, state, ours),
    busy: state.provisioningState === 'inprogress',
    changeError: error,
    trouble,
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

/** No data is not a pass: that it could not start would be noticed by the first user. */
function warnOfNoReplica({ io, warned }: ContainerApp, mark: ChangeMark): void {
  if (!warned.has(mark)) {
    io.log.warning(
      `${mark} has scaled to zero: nothing shows whether it works until a request wakes it, as smoke tests do`,
    );
  }
  warned.add(mark);
}

/** A change that is not ours, in words; null: there is none. */
export function findForeign({ mark, previous }: RevisionOperation, state: AppState): string | null {
  const known = [previous.latest, mark];
  if (state.latestRevision !== '' && !known.some((name) => isName(name, state.latestRevision))) {
    return `${state.latestRevision} was deployed after ours`;
  }
  if (previous.traffic === null || !state.ingress) return null;
  const expected = [...previouslyServing(previous), mark];
  const other = readTraffic(state.traffic).find(
    ({ revision, weight }) => weight > 0 && revision !== null && !expected.some((name) => isName(revision, name)),
  );
  return other ? `another deployment or user gave ${other.revision} ${other.weight}% of the traffic` : null;
}

function followsReady(state: AppState): boolean {
  return state.mode === 'single' || (state.ingress !== null && followsLatest(readTraffic(state.traffic)));
}

function isTrafficInForce({ goal, mark, previous }: RevisionOperation, state: AppState, ours: RevisionState): boolean {
  if (goal.kind === 'up' || previous.traffic === null) return true;
  const traffic = previousTraffic(previous);
  const percent = goal.kind === 'weight' ? goal.percent : 100;
  const now = readTraffic(state.traffic);
  const desired =
    goal.kind === 'weight' ? withShare(pinned(traffic, previous.ready), mark, percent) : finalTraffic(traffic, mark);
  const isRequested = isSameTraffic(now, desired) || (percent === 100 && followsLatest(now));
  return isRequested && ours.share === percent;
}

/** While it starts, not being healthy is no trouble: a large model takes minutes. Once it was up, it is. */
function isTroubled({ goal }: RevisionOperation, ours: RevisionState, trouble: Trouble | null): boolean {
  if (trouble !== null || ours.running === 'degraded') return true;
  return goal.kind !== 'up' && ours.health === 'unhealthy';
}

function timeTrouble(watched: Watched, isNow: boolean): number {
  const now = watched.app.io.clock.now();
  watched.troubledSince = isNow ? (watched.troubledSince ?? now) : null;
  return watched.troubledSince === null ? 0 : now - watched.troubledSince;
}
