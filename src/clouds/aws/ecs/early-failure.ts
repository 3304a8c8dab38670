import type { Container, Task } from '@aws-sdk/client-ecs';

/**
 * Why the deployment cannot succeed any more; null: nothing says so yet. The circuit breaker needs at least three failed
 * tasks and there may be none; without one a crash loop goes on without end (aws/amazon-ecs-agent#815).
 */
export function findEarlyFailure(stopped: readonly Task[]): string | null {
  const failures = stopped.filter(failedByItself);
  const permanent = failures.find(isPermanent);
  const worst = permanent ?? failures[0];
  if (!worst || (!permanent && failures.length < FAILURES_THAT_PROVE_IT)) return null;
  const times = failures.length > 1 ? ` (${failures.length} tasks so far)` : '';
  return `${describeStoppedTask(worst)}${times}`;
}

/**
 * What the service itself says that makes waiting useless; null: nothing. Without its target group a task runs and is
 * never healthy, and no task fails (aws/containers-roadmap#1884).
 */
export function findPermanentFailure(messages: readonly string[]): string | null {
  return messages.find((message) => /failed to register targets.*does not exist/i.test(message)) ?? null;
}

/** `task 0f3c91d2 stopped: EssentialContainerExited, container web exit code 1`. */
export function describeStoppedTask(task: Task): string {
  const containers = failedContainers(task).map(describeContainer);
  const reason = task.stoppedReason && !isRedundant(task.stoppedReason) ? [task.stoppedReason] : [];
  const causes = [task.stopCode ?? 'no stop code', ...reason, ...containers];
  return `task ${shortTaskId(task)} stopped: ${[...new Set(causes)].join(', ')}`;
}

function shortTaskId(task: Task): string {
  return taskId(task).slice(0, 8);
}

/** The last part of the task's ARN: also the last part of its log streams' names. */
export function taskId(task: Task): string {
  const arn = task.taskArn ?? '';
  return arn.slice(arn.lastIndexOf('/') + 1);
}

/** Did it stop because of what it is, and not because it was scaled, moved or replaced? */
export function failedByItself(task: Task): boolean {
  const { stopCode = '', stoppedReason = '' } = task;
  if (stopCode === 'TaskFailedToStart' || stopCode === 'EssentialContainerExited') return true;
  if (/failed (?:ELB|container) health checks/i.test(stoppedReason)) return true;
  // AWS adds stop codes. One that is unknown counts where a container exited by itself, not by a signal from outside.
  const isUnknown = stopCode !== '' && !ENDED_BY_OTHERS.has(stopCode);
  return isUnknown && (task.containers ?? []).some(({ exitCode = 0 }) => ![0, 137, 143].includes(exitCode));
}

const ENDED_BY_OTHERS = new Set([
  'UserInitiated',
  'ServiceSchedulerInitiated',
  'SpotInterruption',
  'TerminationNotice',
  'InfrastructureHealth',
]);

/** Of a stopped task: those that say something about why. */
export function failedContainers(task: Task): readonly Container[] {
  return (task.containers ?? []).filter(({ exitCode, reason }) => (exitCode ?? 0) !== 0 || reason);
}

// One task may die of anything once; two in one deployment are a pattern.
const FAILURES_THAT_PROVE_IT = 2;

const PERMANENT_PULL_ERROR =
  /manifest.{0,200}(?:unknown|not found)|not found|does not exist|no matching manifest|pull access denied|invalid reference|not authorized/i;
const PERMANENT_START_ERROR =
  /AccessDenied|not authorized|ResourceNotFound|can't find the specified|did not find|not found|invalid ssm parameters|invalid character|ValidationException/i;

function isPermanent(task: Task): boolean {
  const text = [task.stoppedReason, ...(task.containers ?? []).map(({ reason }) => reason)].join('\n');
  if (/timeout|timed out|deadline exceeded|connection re(?:set|fused)|throttl|toomanyrequests/i.test(text))
    return false;
  if (/CannotPull\w*Error/.test(text)) return PERMANENT_PULL_ERROR.test(text);
  return /ResourceInitializationError/.test(text) && PERMANENT_START_ERROR.test(text);
}

function describeContainer({ name, exitCode, reason }: Container): string {
  const exit = exitCode === undefined ? '' : ` exit code ${exitCode}`;
  return `container ${name}${exit}${reason ? `: ${reason}` : ''}`;
}

/** "Essential container in task exited" repeats the stop code. */
function isRedundant(stoppedReason: string): boolean {
  return /^Essential container in task exited$/i.test(stoppedReason);
}
