import type { ServiceDeployment } from '@aws-sdk/client-ecs';
import type { FailureKind, Observation } from '../../../model/workload.ts';
import { stageOf } from './service-deployment-status.ts';

/** What one full read of our deployment found. */
export interface DeploymentFacts {
  readonly ours: ServiceDeployment;
  /** Short name of the newest deployment after ours that is not ours; null: none. */
  readonly newer: string | null;
  /** Short name of what the service names instead of ours, if neither our deployment nor the previous one set it. */
  readonly foreignLive: string | null;
  /** Does the service name our task definition? */
  readonly live: boolean;
  /** Why the deployment cannot succeed any more, from its stopped tasks and events; null: nothing says so. */
  readonly earlyFailure: string | null;
  /** Tasks that the service should run; null: AWS does not say. */
  readonly desiredCount: number | null;
  /** The user wants a service without tasks to be deployed to. */
  readonly allowsEmpty: boolean;
  /** Every new task runs, and only old ones that are protected from scale-in are left, in words; null: it isn't so. */
  readonly protectedTasks: string | null;
}

/** Pure: has our deployment succeeded, was it rolled back or superseded, or can it no longer succeed? https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceDeployment.html */
export function decideObservation(facts: DeploymentFacts): Observation {
  const status = facts.ours.status ?? 'PENDING';
  // Before all else: a service that was rolled back is stable and healthy, on the old version.
  if (status.startsWith('ROLLBACK_')) return failed('ROLLED_BACK_BY_PLATFORM', describeRollback(facts.ours));
  const newer = facts.newer ?? facts.foreignLive;
  if (newer) return failed('SUPERSEDED', `${newer} was deployed after ours`);
  if (status === 'STOP_REQUESTED' || status === 'STOPPED') {
    return failed('ROLLED_BACK_BY_PLATFORM', `the deployment was stopped (${status}${reasonOf(facts.ours)})`);
  }
  if (status === 'SUCCESSFUL') {
    // ECS calls a deployment of no task successful at once (aws-actions/amazon-ecs-deploy-task-definition#191).
    if (facts.desiredCount === 0 && !facts.allowsEmpty)
      return failed('DEPLOY_FAILED', 'the service was scaled to 0 meanwhile: no task shows whether it works');
    if (facts.live) return { status: 'succeeded', reason: status, message: describeProgress(facts.ours) };
    return failed('SUPERSEDED', 'the deployment succeeded, but the service no longer names its task definition');
  }
  if (facts.earlyFailure) return failed('DEPLOY_FAILED', facts.earlyFailure);
  if (facts.protectedTasks && facts.live) {
    const message = `${describeProgress(facts.ours)}: ${facts.protectedTasks}; ECS stops them afterwards`;
    return { status: 'succeeded', reason: 'PROTECTED_TASKS', message };
  }
  return { status: 'progressing', reason: status, message: describeProgress(facts.ours) };
}

function failed(as: FailureKind, message: string): Observation {
  return { status: 'failed', as, reason: as, message };
}

/** `the circuit breaker …` or whatever else AWS gives as the reason, with the alarms that fired. */
export function describeRollback(deployment: ServiceDeployment): string {
  const fired = deployment.alarms?.triggeredAlarmNames ?? [];
  const alarms = fired.length > 0 ? `, alarms: ${fired.join(', ')}` : '';
  const state =
    stageOf(deployment.status ?? '') === 'ended' ? 'rolled the deployment back' : 'is rolling the deployment back';
  return `the platform ${state} (${deployment.status}${reasonOf(deployment)}${alarms})`;
}

function reasonOf(deployment: ServiceDeployment): string {
  const reason = deployment.rollback?.reason || deployment.statusReason;
  return reason ? `: ${reason}` : '';
}

/** `1 of 2 new tasks running, 1 pending (IN_PROGRESS)`. */
export function describeProgress(deployment: ServiceDeployment): string {
  const { requestedTaskCount, runningTaskCount = 0, pendingTaskCount = 0 } = deployment.targetServiceRevision ?? {};
  if (requestedTaskCount === undefined) return `starting (${deployment.status})`;
  const pending = pendingTaskCount > 0 ? `, ${pendingTaskCount} pending` : '';
  const stage = deployment.lifecycleStage ? `, ${deployment.lifecycleStage}` : '';
  const paused = deployment.lifecycleHookDetails?.some((hook) => hook.status === 'AWAITING_ACTION');
  const waits = paused ? ', waits at a lifecycle hook' : '';
  return `${runningTaskCount} of ${requestedTaskCount} new tasks running${pending} (${deployment.status}${stage}${waits})`;
}
