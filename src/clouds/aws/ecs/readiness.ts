import type { Service } from '@aws-sdk/client-ecs';
import { DeployError } from '../../../model/errors.ts';
import type { Readiness } from '../../../model/readiness.ts';
import { decideReadiness, formatTime, type RunningDeployment } from './decide-readiness.ts';
import type { EcsDeployments, ListedDeployment } from './deployments.ts';
import { isMadeByOurRole } from './our-role.ts';
import { findMarkers } from './rollout-tags.ts';
import { describeService, type EcsService, shortRevision } from './service.ts';
import { stageOf } from './service-deployment-status.ts';
import { findStuck } from './stuck.ts';

// A service deployment and the PRIMARY entry that it makes are created at nearly the same time.
const SAME_TIME_MS = 10_000;

/**
 * Is the service free? Reads all that watching our own deployment will need, so that a missing permission is
 * found now and not when the change is live. @throws DeployError PERMISSION_DENIED, …
 */
export async function readReadiness(ecs: EcsService, deployments: EcsDeployments): Promise<Readiness> {
  const listed = await deployments.list();
  const [newest] = listed;
  if (newest) {
    await expectPermission(() => deployments.describe(newest.arn));
    await expectPermission(() => deployments.findTaskDefinition(newest.revisionArn));
  }
  return await decideFrom(ecs, { service: await describeService(ecs), listed, deployments });
}

/** For the moment before our update: the service was just read, and shows a deployment in progress. */
export async function readInProgress(ecs: EcsService, deployments: EcsDeployments, service: Service) {
  const listed = await deployments.list();
  // Our own marker holds the service by now.
  return await decideFrom(ecs, { service: { ...service, tags: [] }, listed, deployments });
}

interface Found {
  readonly service: Service;
  /** Newest first. */
  readonly listed: readonly ListedDeployment[];
  readonly deployments: EcsDeployments;
}

async function decideFrom(ecs: EcsService, found: Found): Promise<Readiness> {
  const now = ecs.io.clock.now();
  const markers = findMarkers(found.service, ecs.resource);
  const byMarkers = decideReadiness({ now, markers, running: null });
  if (byMarkers.status === 'busy') return byMarkers;
  return decideReadiness({ now, markers, running: await findRunning(ecs, found) });
}

/** Of a deployment that AWS no longer remembers nothing is needed here. */
async function expectPermission(read: () => Promise<unknown>): Promise<void> {
  try {
    await read();
  } catch (error) {
    if (!(error instanceof DeployError) || error.code !== 'NETWORK') throw error;
  }
}

async function findRunning(ecs: EcsService, found: Found): Promise<RunningDeployment | null> {
  const deployment = found.listed.find(({ status }) => stageOf(status) !== 'ended');
  if (!deployment) return findUnlisted(found);
  const { status, createdAt, revisionArn } = deployment;
  const message = `another deployment is ${status}, since ${formatTime(createdAt)}`;
  const taskDefinition = stageOf(status) === 'running' ? await found.deployments.findTaskDefinition(revisionArn) : null;
  const stuck = taskDefinition && (await findStuck(ecs, found.service, { taskDefinition, createdAt }));
  if (!stuck) return { message, stuck: null, isOurs: false };
  return { message, stuck, isOurs: await isMadeByOurRole(ecs, taskDefinition) };
}

/** The list lags behind the service by seconds (kayac/ecspresso#945). */
function findUnlisted({ service, listed }: Found): RunningDeployment | null {
  const primary = service.deployments?.find(({ status }) => status === 'PRIMARY');
  const isUnlisted = (primary?.createdAt?.getTime() ?? 0) > (listed[0]?.createdAt ?? 0) + SAME_TIME_MS;
  if (primary?.rolloutState !== 'IN_PROGRESS' || !isUnlisted) return null;
  const message = `another deployment (${shortRevision(primary.taskDefinition ?? '')}) is IN_PROGRESS`;
  return { message, stuck: null, isOurs: false };
}
