import type { Task } from '@aws-sdk/client-ecs';
import { describe, expect, it, test } from '@jest/globals';
import {
  describeStoppedTask,
  findEarlyFailure,
  findPermanentFailure,
  findUnexplainedFailure,
} from '../../../../../src/clouds/aws/ecs/early-failure.ts';

function stopped(task: Partial<Task>): Task {
  return { taskArn: 'arn:aws:ecs:eu-west-1:123456789012:task/production/0f3c91d2aa', ...task };
}

const crashed = stopped({
  stopCode: 'EssentialContainerExited',
  stoppedReason: 'Essential container in task exited',
  containers: [
    { name: 'web', exitCode: 1 },
    { name: 'proxy', exitCode: 0 },
  ],
});
const notStarted = (stoppedReason: string): Task => stopped({ stopCode: 'TaskFailedToStart', stoppedReason });
/** In the nth start after the rollout began, each as long as the other. */
const inRound = (round: number, task: Task): Task => ({
  ...task,
  createdAt: new Date(round * 10_000),
  stoppedAt: new Date(round * 10_000 + 9_000),
});
const rounds = (count: number, task: Task): Task[] => Array.from({ length: count }, (_, at) => inRound(at, task));
const atOnce = (count: number, task: Task): Task[] => Array.from({ length: count }, () => inRound(0, task));

describe('a deployment', () => {
  it('is not given up for one task that crashed', () => {
    expect(findEarlyFailure([crashed], 1)).toBeNull();
    expect(findEarlyFailure([], 1)).toBeNull();
  });

  it('is given up for two tasks that crashed, one after the other', () => {
    expect(findEarlyFailure(rounds(2, crashed), 1)).toBe(
      'task 0f3c91d2 stopped: EssentialContainerExited, container web exit code 1 (2 tasks so far)',
    );
  });

  it('is given up for two tasks that did not pass the load balancer’s health checks', () => {
    const unhealthy = stopped({
      stopCode: 'ServiceSchedulerInitiated',
      stoppedReason: 'Task failed ELB health checks in (target-group agent)',
    });
    expect(findEarlyFailure([unhealthy], 2)).toBeNull();
    expect(findEarlyFailure(rounds(2, unhealthy), 2)).toContain('failed ELB health checks');
  });

  test.each<[string, readonly Task[], number, boolean]>([
    ['two of twenty tasks, one after the other', rounds(2, crashed), 20, false],
    ['nine of twenty tasks', rounds(9, crashed), 20, false],
    ['ten of twenty tasks', rounds(10, crashed), 20, true],
    ['all of twenty tasks at once', atOnce(20, crashed), 20, false],
    [
      'all of twenty tasks at once, and the first that replaces one',
      [inRound(1, crashed), ...atOnce(20, crashed)],
      20,
      true,
    ],
    ['both tasks at once', atOnce(2, crashed), 2, false],
    ['200 of 1,000 tasks', rounds(200, crashed), 1_000, true],
  ])('crashes of %s', (_, tasks, desired, isGivenUp) => {
    expect(findEarlyFailure(tasks, desired) !== null).toBe(isGivenUp);
  });

  test.each(['ServiceSchedulerInitiated', 'UserInitiated', 'SpotInterruption', 'A_CODE_OF_TOMORROW'])(
    'is not given up for tasks that stopped by %s',
    (stopCode) => {
      const task = stopped({ stopCode: stopCode as NonNullable<Task['stopCode']> });
      expect(findEarlyFailure(rounds(3, task), 1)).toBeNull();
    },
  );

  test.each([
    [1, true],
    [0, false],
    [143, false],
    [137, false],
  ])('by a stop code that AWS added and exit code %s: given up %s', (exitCode, isGivenUp) => {
    const stopCode = 'A_CODE_OF_TOMORROW' as NonNullable<Task['stopCode']>;
    const task = stopped({ stopCode, containers: [{ name: 'web', exitCode }] });
    expect(findEarlyFailure(rounds(2, task), 1) !== null).toBe(isGivenUp);
  });

  it('is given up for events whose cause cannot pass, and for no other event', () => {
    const gone =
      '(service web) failed to register targets in (target-group arn) with (error The specified target group does not exist)';
    expect(findPermanentFailure(['(service web) has started 1 tasks', gone])).toBe(gone);
    expect(findPermanentFailure(['(service web) was unable to place a task.'])).toBeNull();
    const stuck =
      '(service web) was unable to stop or start tasks during a deployment because of the service deployment configuration.';
    expect(findPermanentFailure([stuck])).toBe(stuck);
  });

  test.each([
    'CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref x: not found',
    'CannotPullContainerError: manifest for agent:v9 not found: manifest unknown: requested image not found',
    'CannotPullContainerError: no matching manifest for linux/arm64 in the manifest list entries',
    'ResourceInitializationError: unable to pull secrets or registry auth: AccessDeniedException: no permission',
    "ResourceInitializationError: unable to retrieve secret from asm: Secrets Manager can't find the specified secret",
  ])('is given up at once for a cause that cannot pass: %s', (reason) => {
    expect(findEarlyFailure([notStarted(reason)], 20)).toContain(reason);
  });

  test.each([
    'CannotPullContainerError: dial tcp: i/o timeout',
    'CannotPullContainerError: toomanyrequests: rate limit exceeded, image not found',
    'CannotPullContainerError: ref pull has been retried 5 time(s): unexpected status: 503 Service Unavailable',
    'ResourceInitializationError: unable to pull secrets: context deadline exceeded',
    'Timeout waiting for network interface provisioning to complete.',
    'Capacity is unavailable at this time. Please try again later or in a different availability zone.',
  ])('is left to the breaker for a cause that may pass: %s', (reason) => {
    expect(findEarlyFailure(rounds(3, notStarted(reason)), 1)).toBeNull();
  });

  it('is given up for a cause that nobody knows, when it comes again', () => {
    const unknown = notStarted('ResourceInitializationError: something new');
    expect(findEarlyFailure([unknown], 1)).toBeNull();
    expect(findEarlyFailure(rounds(2, unknown), 1)).toContain('something new');
  });

  it('is given up by the platform’s own count and event, where no task says why', () => {
    const event = '(service web) is unable to consistently start tasks successfully. For more information, see …';
    expect(findUnexplainedFailure([event], { failedTasks: 3, desired: 1 })).toBe(`3 tasks in a row failed: ${event}`);
    expect(findUnexplainedFailure([event], { failedTasks: 2, desired: 1 })).toBeNull();
    expect(findUnexplainedFailure([event], { failedTasks: 3, desired: 20 })).toBeNull();
    expect(findUnexplainedFailure([], { failedTasks: 3, desired: 1 })).toBeNull();
  });

  it('is judged by the reason of a container too', () => {
    const reason = 'CannotPullContainerError: manifest unknown';
    const task = stopped({ stopCode: 'TaskFailedToStart', containers: [{ name: 'web', reason }] });
    expect(findEarlyFailure([crashed, task], 2)).toBe(
      `task 0f3c91d2 stopped: TaskFailedToStart, container web: ${reason} (2 tasks so far)`,
    );
  });
});

test('a stopped task that AWS says nothing about is described as that', () => {
  expect(describeStoppedTask({})).toBe('task  stopped: no stop code');
});
