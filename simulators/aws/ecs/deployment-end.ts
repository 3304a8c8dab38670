import type { AwsWorld } from '../world.ts';
import { addDeployment } from './deployment-start.ts';
import { addEvent } from './events.ts';
import type { Deployment, Service, ServiceDeployment, ServiceRevision } from './state.ts';

interface RollBack {
  readonly from: Deployment;
  readonly why: 'breaker' | 'stop';
}

const ENDED: readonly string[] = ['SUCCESSFUL', 'STOPPED', 'ROLLBACK_SUCCESSFUL', 'ROLLBACK_FAILED'];

export function hasEnded(record: ServiceDeployment): boolean {
  return ENDED.includes(record.status);
}

/** The revision that a rollback restores: the target of the newest deployment that succeeded, or null. */
function lastGoodRevision(service: Service): ServiceRevision | null {
  return service.records.findLast(({ status }) => status === 'SUCCESSFUL')?.target ?? null;
}

export function complete(world: AwsWorld, service: Service, deployment: Deployment): void {
  const { now } = world.queue;
  const { record } = deployment;
  deployment.rolloutState = 'COMPLETED';
  deployment.rolloutStateReason = `ECS deployment ${deployment.id} completed.`;
  deployment.updatedAt = now;
  deployment.failedTasks = 0;
  addEvent(world, service, `(deployment ${deployment.id}) deployment completed.`);
  if (hasEnded(record)) return;
  record.status = record.rollback ? 'ROLLBACK_SUCCESSFUL' : 'SUCCESSFUL';
  record.finishedAt = now;
  record.updatedAt = now;
}

/** The deployment starts no more tasks. Without a revision to roll back to, its record ends as STOPPED, or as ROLLBACK_FAILED. */
export function fail(world: AwsWorld, deployment: Deployment, reason: string): void {
  const { now } = world.queue;
  const { record } = deployment;
  deployment.rolloutState = 'FAILED';
  deployment.rolloutStateReason = reason;
  deployment.updatedAt = now;
  endRecord(world, record, { status: record.rollback ? 'ROLLBACK_FAILED' : 'STOPPED', reason });
}

export function endRecord(
  world: AwsWorld,
  record: ServiceDeployment,
  end: { readonly status: 'STOPPED' | 'ROLLBACK_FAILED'; readonly reason: string },
): void {
  const { now } = world.queue;
  record.status = end.status;
  record.statusReason = end.reason;
  record.updatedAt = now;
  record.finishedAt = now;
  if (end.status === 'STOPPED') record.stoppedAt = now;
}

/**
 * A new PRIMARY deployment of the last good revision, within the same service deployment. Tasks of that revision that
 * still run are adopted, so the rollback of a rolling deployment is quick.
 */
export function rollBack(world: AwsWorld, service: Service, { from, why }: RollBack): void {
  const { record } = from;
  const good = lastGoodRevision(service);
  if (record.rollback) return;
  if (!good) {
    // Not documented for a first deployment; the enum leaves only this for a rollback that is not possible.
    // https://github.com/hashicorp/terraform-provider-aws/issues/19519
    endRecord(world, record, {
      status: 'ROLLBACK_FAILED',
      reason: 'No rollback candidate was found to run the rollback.',
    });
    return;
  }
  const completed = service.records.findLast(({ status }) => status === 'SUCCESSFUL');
  const previous = service.deployments.find((deployment) => deployment.record === completed);
  record.status = 'ROLLBACK_IN_PROGRESS';
  record.updatedAt = world.queue.now;
  record.finishedAt = null;
  record.stoppedAt = null;
  record.rollback = { reason: reasonOf(from, why), startedAt: world.queue.now, revision: good };
  record.statusReason = record.rollback.reason;
  const deployment = addDeployment(world, service, { revision: good, record });
  const to = previous?.id ?? deployment.id;
  const initiator = why === 'breaker' ? 'ECS deployment circuit breaker' : 'ECS deployment';
  deployment.rolloutStateReason = `${initiator}: rolling back to deploymentId ${to}.`;
  addEvent(world, service, `rolling back to deployment ${to}.`);
  for (const task of service.tasks) {
    if (task.revision === good && task.desiredStatus === 'RUNNING') task.deployment = deployment;
  }
}

function reasonOf(from: Deployment, why: RollBack['why']): string {
  if (why === 'stop') return 'Service deployment rolled back because the customer initiated a rollback.';
  return `Service deployment rolled back because of the circuit breaker: (deployment ${from.id}) tasks failed to start.`;
}
