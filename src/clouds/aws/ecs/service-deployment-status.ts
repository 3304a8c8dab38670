/**
 * Where a service deployment stands. AWS adds statuses without notice, so an unknown one counts as running.
 * There is no status "failed": https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceDeployment.html
 */
export type DeploymentStage = 'running' | 'stopping' | 'ended';

export function stageOf(status: string): DeploymentStage {
  if (ENDED.has(status)) return 'ended';
  return STOPPING.has(status) ? 'stopping' : 'running';
}

/** True: it was rolled back or stopped, and what it deployed no longer counts. */
export function leftNothing(status: string): boolean {
  return status === 'ROLLBACK_SUCCESSFUL' || status === 'STOPPED';
}

const ENDED = new Set(['SUCCESSFUL', 'STOPPED', 'ROLLBACK_SUCCESSFUL', 'ROLLBACK_FAILED']);
const STOPPING = new Set(['STOP_REQUESTED', 'ROLLBACK_REQUESTED', 'ROLLBACK_IN_PROGRESS']);
