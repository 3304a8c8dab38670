import { type Endpoint, openEndpoint } from '../../../model/endpoint.ts';
import { superseded } from '../../../model/superseded.ts';
import type { Operation, TrafficControl } from '../../../model/workload.ts';
import { previewAddress } from '../../preview-address.ts';
import { type AppState, type ContainerApp, findRevision, patchApp, readApp } from './app.ts';
import { findForeign } from './foreign.ts';
import { markingOf } from './marking.ts';
import type { RevisionOperation } from './operation.ts';
import { previousTraffic } from './restore-data.ts';
import { suffixOf } from './revision-name.ts';
import type { TagPatch } from './rollout-tags.ts';
import {
  followsLatest,
  hasSameShares,
  isName,
  isSameTraffic,
  keepLabels,
  pinned,
  readTraffic,
  type TrafficEntry,
  toDocument,
  withShare,
} from './traffic-table.ts';
import { ensureReplicas } from './warm-up.ts';

export function openTrafficControl(app: ContainerApp): TrafficControl {
  return {
    by: 'us',
    async setWeight(operation: RevisionOperation, { percent, point, markedUntil: until }) {
      const { mark, previous } = operation;
      const weight: RevisionOperation = { ...operation, goal: { kind: 'weight', percent } };
      if (previous.traffic === null) return weight;
      const state = await readOurs(app, operation, percent);
      const desired = keepLabels(sharesFor(operation, percent), readTraffic(state.traffic), previousTraffic(previous));
      if (isUnchanged(operation, state, { percent, desired })) return weight;
      if (percent === 100) await ensureReplicas(app, operation);
      const tags = markingOf(app, state, { point, mark, until });
      return { ...weight, statusUrl: await moveTraffic(app, desired, tags) };
    },
  };
}

function sharesFor({ mark, previous }: RevisionOperation, percent: number): readonly TrafficEntry[] {
  return withShare(pinned(previousTraffic(previous), previous.ready), mark, percent);
}

/** @returns where Azure shows the progress of the request */
export async function moveTraffic(
  app: ContainerApp,
  traffic: readonly TrafficEntry[],
  tags: TagPatch,
): Promise<string | null> {
  return (await patchApp(app, { traffic: toDocument(traffic), tags })).operationUrl;
}

/**
 * The app, where no one else changed it since our last request. `percent`: what the next one is to give ours.
 * @throws DeployError SUPERSEDED when there is a newer deployment, or the traffic was moved meanwhile
 */
export async function readOurs(app: ContainerApp, operation: RevisionOperation, percent: number): Promise<AppState> {
  const state = await readApp(app);
  const foreign = findForeign(app, operation, { state }) ?? findMovedTraffic(operation, state, percent);
  if (foreign) throw superseded(`could not move the traffic to ${operation.mark}: ${foreign}`);
  return state;
}

/** Our last request had its effect, and a request may be repeated: the traffic is as one of them left it. */
function findMovedTraffic(operation: RevisionOperation, state: AppState, percent: number): string | null {
  const { goal, previous } = operation;
  if (previous.traffic === null) return null;
  const now = readTraffic(state.traffic);
  const traffic = previousTraffic(previous);
  const before =
    goal.kind === 'weight' ? [sharesFor(operation, goal.percent)] : [traffic, pinned(traffic, previous.ready)];
  const isOurs = [...before, sharesFor(operation, percent)].some((one) => hasSameShares(now, one));
  return isOurs || (percent === 100 && followsOurs(operation, state))
    ? null
    : 'another deployment or user moved the traffic';
}

/** All of it follows the latest by itself, and that is ours. */
function followsOurs({ mark }: RevisionOperation, state: AppState): boolean {
  return followsLatest(readTraffic(state.traffic)) && isName(state.latestReady, mark);
}

function isUnchanged(
  operation: RevisionOperation,
  state: AppState,
  { percent, desired }: { readonly percent: number; readonly desired: readonly TrafficEntry[] },
): boolean {
  return (percent === 100 && followsOurs(operation, state)) || isSameTraffic(readTraffic(state.traffic), desired);
}

/** Where our revision, and no other, answers: at its own address, which needs no label. */
export async function findPreview(
  app: ContainerApp,
  { mark }: Operation,
  previewUrl: string | null,
): Promise<readonly Endpoint[]> {
  if (previewUrl !== null) return [openEndpoint(previewAddress(previewUrl, suffixOf(mark)))];
  const revision = await findRevision(app, mark);
  return revision?.fqdn ? [openEndpoint(`https://${revision.fqdn}`)] : [];
}
