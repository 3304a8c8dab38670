import { at, objectAt } from '../../json.ts';
import type { AzureWorld } from '../world.ts';
import { isReady, type ReplicaHome, startReplica } from './replicas.ts';
import type { ContainerApp, Revision } from './state.ts';

/** Where a revision lives, and who is told when it becomes ready. */
export interface RevisionHome {
  readonly world: AzureWorld;
  readonly app: ContainerApp;
  readonly becameReady: (revision: Revision) => void;
}

const DEFAULT_COOLDOWN_SECONDS = 300;
const DEFAULT_MAX_REPLICAS = 10;

/** Starts what has to run; also for one that was inactive. */
export function activate(home: RevisionHome, revision: Revision): void {
  const { world, app } = home;
  revision.generation += 1;
  revision.active = true;
  revision.provisioningState = 'Provisioning';
  revision.provisioningError = null;
  revision.activationFailed = false;
  revision.wasReady = false;
  revision.replicas = [];
  const { generation } = revision;
  const { minReplicas } = scaleOf(revision);
  if (findsNoRoom(app) || (minReplicas === 0 && app.staging.startsAtZero)) {
    ready(home, revision);
    return;
  }
  for (let count = 0; count < Math.max(1, minReplicas); count += 1) startReplica(replicaHome(home, revision));
  world.queue.add(world.queue.now + app.staging.progressDeadlineMs, () => {
    if (revision.generation === generation && !revision.wasReady && !app.staging.neverReady) failToActivate(revision);
  });
}

function findsNoRoom({ staging }: ContainerApp): boolean {
  if (staging.withoutRoom === 0) return false;
  staging.withoutRoom -= 1;
  return true;
}

/** Stops it: no replica, no request. */
export function deactivate(revision: Revision): void {
  revision.generation += 1;
  revision.active = false;
  revision.replicas = [];
  revision.provisioningState = 'Deprovisioned';
}

/** New replicas for the old ones. */
export function restart(home: RevisionHome, revision: Revision): void {
  if (!revision.active) return;
  const count = Math.max(1, revision.replicas.length);
  revision.generation += 1;
  revision.replicas = [];
  for (let n = 0; n < count; n += 1) startReplica(replicaHome(home, revision));
}

/** A request came for a revision that has no replica: one is started. Returns when it will answer. */
export function wake(home: RevisionHome, revision: Revision): void {
  if (revision.replicas.length === 0) startReplica(replicaHome(home, revision), true);
}

/** A revision without requests for a while loses its replicas, if it may have none. */
export function noteRequest(home: RevisionHome, revision: Revision): void {
  revision.lastRequestAt = home.world.queue.now;
  planScaleIn(home, revision);
}

export function scaleOf({ template }: Revision) {
  const scale = objectAt(template, 'scale');
  const read = (name: string, otherwise: number): number => {
    const value = at(scale, name);
    return typeof value === 'number' ? value : otherwise;
  };
  return {
    minReplicas: read('minReplicas', 0),
    maxReplicas: read('maxReplicas', DEFAULT_MAX_REPLICAS),
    cooldownMs: read('cooldownPeriod', DEFAULT_COOLDOWN_SECONDS) * 1_000,
  };
}

function replicaHome(home: RevisionHome, revision: Revision): ReplicaHome {
  const changed = (): void => {
    const { replicas } = revision;
    if (replicas.length === 0 || !replicas.every(isReady) || home.app.staging.neverReady) return;
    revision.activationFailed = false;
    revision.provisioningError = null;
    ready(home, revision);
    planScaleIn(home, revision);
  };
  return { world: home.world, app: home.app, revision, changed };
}

function ready(home: RevisionHome, revision: Revision): void {
  if (revision.provisioningState === 'Failed') revision.provisioningState = 'Provisioned';
  if (revision.wasReady) return;
  revision.wasReady = true;
  home.becameReady(revision);
}

function failToActivate(revision: Revision): void {
  const { replicas } = revision;
  revision.activationFailed = true;
  revision.provisioningState = 'Failed';
  // Word for word: https://github.com/microsoft/azure-container-apps/issues/1219
  revision.provisioningError = `Deployment Progress Deadline Exceeded. ${replicas.filter(isReady).length}/${replicas.length} replicas ready.`;
}

function planScaleIn(home: RevisionHome, revision: Revision): void {
  const { minReplicas, cooldownMs } = scaleOf(revision);
  if (minReplicas > 0) return;
  const { queue } = home.world;
  const { generation } = revision;
  const since = queue.now;
  queue.add(since + cooldownMs, () => {
    const isQuiet = (revision.lastRequestAt ?? since) <= since;
    if (revision.generation === generation && isQuiet && revision.replicas.every(isReady)) revision.replicas = [];
  });
}
