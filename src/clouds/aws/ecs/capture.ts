import type { Service } from '@aws-sdk/client-ecs';
import { DeployError } from '../../../model/errors.ts';
import type { RestorePoint } from '../../../model/workload.ts';
import { explainErrors } from '../errors.ts';
import type { EcsDeployments, ListedDeployment } from './deployments.ts';
import { describeService, type EcsService, shortRevision } from './service.ts';
import { stageOf } from './service-deployment-status.ts';
import { describeTaskDefinition } from './task-definition-wire.ts';

/** What `RestorePoint.data` holds for ECS. */
export interface EcsRestoreData {
  /** ARN of the task definition to put back. */
  readonly before: string;
  /** ARN of the one that the service named when it was captured: nearly always the same. */
  readonly live: string;
  /** Creation time of the newest service deployment then, AWS's clock, in milliseconds; 0: there was none. */
  readonly newest: number;
}

/** @throws DeployError UNSUPPORTED when what runs now could not be put back. */
export async function captureRestorePoint(ecs: EcsService, deployments: EcsDeployments): Promise<RestorePoint> {
  const service = await describeService(ecs);
  const listed = await deployments.list();
  const live = readLive(service);
  refuseNoTasks(ecs, service);
  const before = await chooseRestoreTarget(live, listed, deployments);
  await refuseDeregistered(ecs, before);
  return {
    resource: ecs.resource,
    revision: shortRevision(before),
    data: { before, live, newest: listed[0]?.createdAt ?? 0 } satisfies EcsRestoreData,
  };
}

/** @throws DeployError JOURNAL_INVALID when it is of another service, or of another version of this code. */
export function parseRestoreData(point: RestorePoint, ecs: EcsService): EcsRestoreData {
  const { before, live, newest } = point.data;
  // A later step may have changed AWS_REGION between the main and the post step.
  if (point.resource !== ecs.resource) {
    throw new DeployError('JOURNAL_INVALID', `could not restore ${point.resource}: this is ${ecs.resource}`, {
      hint: 'Set the input `region`, so that a later step that changes AWS_REGION does not matter.',
    });
  }
  if (typeof before !== 'string' || typeof live !== 'string' || typeof newest !== 'number') {
    throw new DeployError('JOURNAL_INVALID', `could not restore ${point.resource}: the restore point is not complete`, {
      hint: 'Look at what is live and put it right by hand: this run may have left a half-finished deployment.',
    });
  }
  return { before, live, newest };
}

/** @throws DeployError UNSUPPORTED for a service that names no task definition. */
export function readLive(service: Service): string {
  if (service.taskDefinition) return service.taskDefinition;
  throw new DeployError(
    'UNSUPPORTED',
    `could not deploy to service ${service.serviceName}: it names no task definition`,
    { hint: 'Point the service to a task definition once (aws ecs update-service --task-definition), then run again.' },
  );
}

/**
 * What last deployed successfully, unless something else is live that did not fail: that is older than AWS's memory of
 * 90 days. A revision whose deployment failed without a rollback stays live, and must not become what is put back.
 */
async function chooseRestoreTarget(
  live: string,
  listed: readonly ListedDeployment[],
  deployments: EcsDeployments,
): Promise<string> {
  const lastSuccess = listed.findIndex(({ status }) => status === 'SUCCESSFUL');
  const successful = listed[lastSuccess] && (await deployments.findTaskDefinition(listed[lastSuccess].revisionArn));
  if (!successful || successful === live) return live;
  for (const later of listed.slice(0, Math.min(lastSuccess, MAX_LOOKED_AT))) {
    const taskDefinition = await deployments.findTaskDefinition(later.revisionArn);
    if (taskDefinition === live) return stageOf(later.status) === 'ended' ? successful : live;
  }
  return live;
}

const MAX_LOOKED_AT = 20;

/** Without a task nothing shows whether a change works, and ECS calls it successful at once. */
function refuseNoTasks(ecs: EcsService, service: Service): void {
  if (service.desiredCount !== 0) return;
  const hint =
    service.schedulingStrategy === 'DAEMON'
      ? 'Add a container instance to the cluster that the service can run on, then run again.'
      : `Scale it up (aws ecs update-service --cluster ${ecs.cluster} --service ${ecs.service} --region ${ecs.region} --desired-count 1), then run again.`;
  const why = 'its desired count is 0, so no task would show whether the change works';
  throw new DeployError('UNSUPPORTED', `could not deploy to ${ecs.resource}: ${why}`, { hint });
}

async function refuseDeregistered(ecs: EcsService, arn: string): Promise<void> {
  const { signal } = ecs.io;
  const call = { what: `read task definition ${shortRevision(arn)}`, action: 'ecs:DescribeTaskDefinition', signal };
  const { taskDefinition } = await explainErrors(call, () => describeTaskDefinition(ecs.client, arn, signal));
  if (taskDefinition['status'] === 'ACTIVE') return;
  // AWS takes no deregistered task definition for an update (fabfuel/ecs-deploy#185).
  const why = `${shortRevision(arn)} runs now but is deregistered (${taskDefinition['status']})`;
  throw new DeployError('UNSUPPORTED', `could not promise to put back what runs in ${ecs.resource}: ${why}`, {
    hint: 'Register the task definition again and point the service to it, then run again.',
  });
}
