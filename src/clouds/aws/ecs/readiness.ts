import type { Service } from '@aws-sdk/client-ecs';
import { DeployError } from '../../../model/errors.ts';
import type { Readiness } from '../../../model/readiness.ts';
import type { EcsDeployments, ListedDeployment } from './deployments.ts';
import { describeService, type EcsService, shortRevision } from './service.ts';
import { stageOf } from './service-deployment-status.ts';

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
  return decideReadiness(await describeService(ecs), listed);
}

/** Of a deployment that AWS no longer remembers nothing is needed here. */
async function expectPermission(read: () => Promise<unknown>): Promise<void> {
  try {
    await read();
  } catch (error) {
    if (!(error instanceof DeployError) || error.code !== 'NETWORK') throw error;
  }
}

/** Pure: is another deployment running? `deployments`: newest first. */
function decideReadiness(service: Service, deployments: readonly ListedDeployment[]): Readiness {
  const running = deployments.find(({ status }) => stageOf(status) !== 'ended');
  if (running) return busy(`another deployment is ${running.status}, since ${formatTime(running.createdAt)}`);
  const primary = service.deployments?.find(({ status }) => status === 'PRIMARY');
  const newest = deployments[0]?.createdAt ?? 0;
  // The list lags behind the service by seconds (kayac/ecspresso#945).
  const unlisted = (primary?.createdAt?.getTime() ?? 0) > newest + SAME_TIME_MS;
  if (primary?.rolloutState === 'IN_PROGRESS' && unlisted) {
    return busy(`another deployment (${shortRevision(primary.taskDefinition ?? '')}) is IN_PROGRESS`);
  }
  return { status: 'free' };
}

function busy(message: string): Readiness {
  return { status: 'busy', message };
}

function formatTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
