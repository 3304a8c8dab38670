import type { AwsWorld } from '../world.ts';
import { endRecord, hasEnded, rollBack } from './deployment-end.ts';
import { addDeployment, createRecord, createRevision } from './deployment-start.ts';
import { primaryOf, reconcile, waitToStart } from './scheduler.ts';
import type { Service, ServiceDeployment, TaskDefinition } from './state.ts';

const IN_PROGRESS_AFTER_MS = 1_000;
const FIRST_TASK_AFTER_MS = 2_000;
const ROLLBACK_AFTER_MS = 2_000;

/** Starts a rollout. One that is still going on ends as STOPPED: the newest is the only one that counts. */
export function startRollout(world: AwsWorld, service: Service, taskDefinition: TaskDefinition): ServiceDeployment {
  const { queue } = world;
  const superseded = service.records.filter((record) => !hasEnded(record));
  const revision = createRevision(world, service, taskDefinition);
  const record = createRecord(world, service, revision);
  for (const older of superseded) {
    endRecord(world, older, { status: 'STOPPED', reason: 'A newer service deployment was started.' });
  }
  const deployment = addDeployment(world, service, { revision, record });
  queue.add(queue.now + IN_PROGRESS_AFTER_MS, () => {
    if (record.status !== 'PENDING') return;
    record.status = 'IN_PROGRESS';
    record.startedAt = queue.now;
    record.updatedAt = queue.now;
    reconcile(world, service);
  });
  waitToStart(world, service, { primary: deployment, until: queue.now + FIRST_TASK_AFTER_MS });
  return record;
}

/** Sends a running rollout back. Nothing to do where that is already happening. */
export function requestRollback(world: AwsWorld, service: Service, record: ServiceDeployment): void {
  const { queue } = world;
  if (record.status !== 'PENDING' && record.status !== 'IN_PROGRESS') return;
  record.status = 'ROLLBACK_REQUESTED';
  record.startedAt ??= queue.now;
  record.updatedAt = queue.now;
  queue.add(queue.now + ROLLBACK_AFTER_MS, () => {
    const primary = primaryOf(service);
    if (record.status !== 'ROLLBACK_REQUESTED' || primary?.record !== record) return;
    primary.rolloutState = 'FAILED';
    primary.rolloutStateReason = `ECS deployment ${primary.id} was stopped.`;
    rollBack(world, service, { from: primary, why: 'stop' });
    reconcile(world, service);
  });
}
