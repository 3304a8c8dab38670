import type { RestorePoint } from '../../../model/restore-point.ts';
import type { EcsDeployments, ListedDeployment } from './deployments.ts';
import { ensureDeployable } from './ensure-deployable.ts';
import type { EcsRestoreData } from './restore-data.ts';
import { findMarkers } from './rollout-tags.ts';
import { describeService, type EcsService, isInProgress, readLive, shortRevision } from './service.ts';
import { stageOf } from './service-deployment-status.ts';

/** @throws DeployError UNSUPPORTED when the service runs nothing. */
export async function captureRestorePoint(ecs: EcsService, deployments: EcsDeployments): Promise<RestorePoint> {
  const service = await describeService(ecs);
  const listed = await deployments.list();
  const live = readLive(service);
  ensureDeployable(ecs, service);
  const untested = new Set(
    findMarkers(service, ecs.resource)
      .filter(({ phase }) => phase !== 'released')
      .flatMap(({ marker }) => marker?.mark ?? []),
  );
  const previous = await chooseRestoreTarget({ live, listed, untested }, deployments);
  return {
    resource: ecs.resource,
    revision: shortRevision(previous),
    data: {
      previous,
      live,
      newest: listed[0]?.createdAt ?? 0,
      usualMs: findUsualMs(listed),
      ...(neverServed(listed) ? { neverServed: true } : {}),
      ...(isInProgress(service) ? { wasInProgress: true } : {}),
    } satisfies EcsRestoreData,
  };
}

/**
 * What last deployed successfully, unless something else is live that did not fail: that is older than AWS's memory of
 * 90 days. A revision whose deployment failed without a rollback stays live, as does one that never gets up, and neither must
 * become what is restored.
 */
async function chooseRestoreTarget(found: Found, deployments: EcsDeployments): Promise<string> {
  const { live, listed } = found;
  const success = await findLastSuccess(found, deployments);
  if (!success || success.taskDefinition === live) return live;
  for (const later of listed.slice(0, Math.min(success.index, MAX_COMPARED))) {
    if ((await deployments.findTaskDefinition(later.revisionArn)) === live) return success.taskDefinition;
  }
  return live;
}

interface Found {
  readonly live: string;
  /** Newest first. */
  readonly listed: readonly ListedDeployment[];
  /** ECS may call them SUCCESSFUL, but the run that rolled them out was lost before it had tested them. */
  readonly untested: ReadonlySet<string>;
}

async function findLastSuccess({ listed, untested }: Found, deployments: EcsDeployments) {
  for (const [index, { status, revisionArn }] of listed.entries()) {
    const taskDefinition = status === 'SUCCESSFUL' ? await deployments.findTaskDefinition(revisionArn) : null;
    if (taskDefinition !== null && !untested.has(taskDefinition)) return { index, taskDefinition };
  }
  return null;
}

const MAX_COMPARED = 20;

/** As of a service whose first image does not exist. */
function neverServed(listed: readonly ListedDeployment[]): boolean {
  return (
    listed.some(({ status }) => stageOf(status) !== 'ended') && !listed.some(({ status }) => status === 'SUCCESSFUL')
  );
}

function findUsualMs(listed: readonly ListedDeployment[]): number | null {
  const newest = listed.find(({ status, finishedAt }) => status === 'SUCCESSFUL' && finishedAt !== null);
  return newest ? newest.finishedAt! - newest.createdAt : null;
}
