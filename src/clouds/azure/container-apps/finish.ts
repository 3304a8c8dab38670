import { formatDuration } from '../../../model/duration.ts';
import { DeployError } from '../../../model/errors.ts';
import type { RestorePoint } from '../../../model/restore-point.ts';
import { outstandingMs } from '../../../model/unanswered.ts';
import { type AppState, type ContainerApp, findRevision, patchApp } from './app.ts';
import { changeInProgress } from './change-in-progress.ts';
import { tryDeactivate } from './deactivate.ts';
import { unmarkingOf } from './marking.ts';
import type { RevisionOperation } from './operation.ts';
import { followsWhenDone, previouslyServing, previousTraffic } from './restore-data.ts';
import { retirePreviews } from './retire-previews.ts';
import { moveTraffic, readOurs } from './traffic.ts';
import {
  finalTraffic,
  followsLatest,
  isName,
  isSameTraffic,
  keepLabels,
  pinned,
  readTraffic,
  shareOf,
  type TrafficEntry,
  toDocument,
} from './traffic-table.ts';
import { ensureReplicas } from './warm-up.ts';

export interface Finishing {
  readonly point: RestorePoint;
  readonly keepPrevious: 'active' | 'inactive';
}

/**
 * See `Workload.finish`. The marker goes with the last request: a run that is lost before it leaves a marker that another
 * one restores from, and nothing is left to do after it.
 */
export async function finishRollout(
  app: ContainerApp,
  operation: RevisionOperation,
  finishing: Finishing,
): Promise<RevisionOperation | null> {
  const { previous } = operation;
  const state = await readOurs(app, operation, 100);
  const traffic = previous.traffic === null ? null : planTraffic(operation, state, app.io.clock.now());
  if (traffic && !isSameTraffic(readTraffic(state.traffic), traffic)) ensureNothingOutstanding(app, operation);
  if (traffic && !hasAll(operation, state)) return await giveAll(app, operation, { ...finishing, traffic, state });
  if (previous.mode === 'multiple' && finishing.keepPrevious === 'inactive') {
    await ensureInForce(app, operation, state);
    await deactivatePrevious(app, operation, state);
    await retirePreviews(app, operation, state);
  }
  const isFinal = !traffic || isSameTraffic(readTraffic(state.traffic), traffic);
  return await sendLast(app, operation, { state, point: finishing.point, traffic: isFinal ? null : traffic });
}

/**
 * A request for this traffic that got no answer may still arrive. Were it sent again and the marker removed, it would come in
 * the middle of the next run, and take the traffic back. @throws DeployError THROTTLED: not yet
 */
function ensureNothingOutstanding({ unanswered, io }: ContainerApp, { mark }: RevisionOperation): void {
  const leftMs = outstandingMs(unanswered, io.clock);
  if (leftMs === 0) return;
  const why = `a request got no answer and may still take effect, for ${formatDuration(leftMs)}`;
  throw new DeployError('THROTTLED', `could not finish ${mark} yet: ${why}`, { hint: 'Run again in two minutes.' });
}

/** In the user's own form, and by name where the latest revision is another user's preview. */
function planTraffic(operation: RevisionOperation, state: AppState, nowMs: number): readonly TrafficEntry[] {
  const { mark, previous } = operation;
  const desired = finalTraffic(userTraffic(operation, nowMs), mark);
  const byName = isName(state.latestRevision, mark) ? desired : pinned(desired, mark);
  return keepLabels(byName, readTraffic(state.traffic), previousTraffic(previous));
}

/** The form that it had, also where a preview of an earlier run has pinned it. */
function userTraffic({ previous }: RevisionOperation, nowMs: number): readonly TrafficEntry[] {
  const traffic = previousTraffic(previous);
  if (followsLatest(traffic) || !followsWhenDone(previous, nowMs)) return traffic;
  return [{ revision: null, weight: 100, label: null }, ...traffic.map((entry) => ({ ...entry, weight: 0 }))];
}

/** By the app's document. */
function hasAll({ mark }: RevisionOperation, { traffic, latestReady }: AppState): boolean {
  return shareOf(readTraffic(traffic), mark, latestReady) === 100;
}

interface Last {
  readonly state: AppState;
  readonly point: RestorePoint;
  /** null: it is final. */
  readonly traffic: readonly TrafficEntry[] | null;
}

/** Where nothing is to be deactivated afterwards, this is the last request. @throws DeployError THROTTLED: not yet */
async function giveAll(
  app: ContainerApp,
  operation: RevisionOperation,
  { traffic, ...rest }: Last & Finishing & { readonly traffic: readonly TrafficEntry[] },
): Promise<RevisionOperation | null> {
  await ensureReplicas(app, operation);
  if (rest.keepPrevious === 'active') return await sendLast(app, operation, { ...rest, traffic });
  await moveTraffic(app, traffic, {});
  throw notYet(operation, 'they still get traffic');
}

async function sendLast(
  app: ContainerApp,
  operation: RevisionOperation,
  { state, point, traffic }: Last,
): Promise<RevisionOperation | null> {
  const tags = unmarkingOf(state, point);
  const isNothing = !traffic && Object.keys(tags).length === 0;
  if (isNothing && operation.previous.mode === 'single') return null;
  const change = { ...(traffic ? { traffic: toDocument(traffic) } : {}), tags };
  const statusUrl = isNothing ? operation.statusUrl : (await patchApp(app, change)).operationUrl;
  return { ...operation, goal: { kind: 'finished' }, statusUrl };
}

/**
 * The app's document is ahead of the traffic in force, and stays so where moving it failed: the previous revision is not
 * deactivated because of the document alone.
 * @throws DeployError THROTTLED: not yet
 */
async function ensureInForce(app: ContainerApp, operation: RevisionOperation, state: AppState): Promise<void> {
  const { mark, previous } = operation;
  if (state.provisioningState === 'inprogress') throw changeInProgress(`deactivate the revisions before ${mark}`);
  const hasTraffic = previous.traffic === null || (await findRevision(app, mark))?.trafficWeight === 100;
  if (!hasTraffic) throw notYet(operation, 'they still get traffic');
}

function notYet({ mark }: RevisionOperation, why: string): DeployError {
  return new DeployError('THROTTLED', `could not deactivate the revisions before ${mark} yet: ${why}`, {
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
