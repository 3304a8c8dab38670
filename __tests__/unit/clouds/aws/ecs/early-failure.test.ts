import type { Task } from '@aws-sdk/client-ecs';
import { describe, expect, it, test } from '@jest/globals';
import {
  describeStoppedTask,
  findEarlyFailure,
  findPermanentFailure,
} from '../../../../../src/clouds/aws/ecs/early-failure.ts';
import { findFailureHint } from '../../../../../src/clouds/aws/ecs/failure-hint.ts';

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

describe('a deployment', () => {
  it('is not given up for one task that crashed', () => {
    expect(findEarlyFailure([crashed])).toBeNull();
    expect(findEarlyFailure([])).toBeNull();
  });

  it('is given up for two tasks that crashed', () => {
    expect(findEarlyFailure([crashed, crashed])).toBe(
      'task 0f3c91d2 stopped: EssentialContainerExited, container web exit code 1 (2 tasks so far)',
    );
  });

  it('is given up for two tasks that did not pass the load balancer’s health checks', () => {
    const unhealthy = stopped({
      stopCode: 'ServiceSchedulerInitiated',
      stoppedReason: 'Task failed ELB health checks in (target-group agent)',
    });
    expect(findEarlyFailure([unhealthy])).toBeNull();
    expect(findEarlyFailure([unhealthy, unhealthy])).toContain('failed ELB health checks');
  });

  test.each(['ServiceSchedulerInitiated', 'UserInitiated', 'SpotInterruption', 'A_CODE_OF_TOMORROW'])(
    'is not given up for tasks that stopped by %s',
    (stopCode) => {
      const task = stopped({ stopCode: stopCode as NonNullable<Task['stopCode']> });
      expect(findEarlyFailure([task, task, task])).toBeNull();
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
    expect(findEarlyFailure([task, task]) !== null).toBe(isGivenUp);
  });

  it('is given up for a target group that is gone, and for no other event', () => {
    const gone =
      '(service web) failed to register targets in (target-group arn) with (error The specified target group does not exist)';
    expect(findPermanentFailure(['(service web) has started 1 tasks', gone])).toBe(gone);
    expect(findPermanentFailure(['(service web) was unable to place a task.'])).toBeNull();
  });

  test.each([
    'CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref x: not found',
    'CannotPullContainerError: manifest for agent:v9 not found: manifest unknown: requested image not found',
    'CannotPullContainerError: no matching manifest for linux/arm64 in the manifest list entries',
    'ResourceInitializationError: unable to pull secrets or registry auth: AccessDeniedException: no permission',
    "ResourceInitializationError: unable to retrieve secret from asm: Secrets Manager can't find the specified secret",
  ])('is given up at once for a cause that cannot pass: %s', (reason) => {
    expect(findEarlyFailure([notStarted(reason)])).toContain(reason);
  });

  test.each([
    'CannotPullContainerError: dial tcp: i/o timeout',
    'CannotPullContainerError: toomanyrequests: rate limit exceeded, image not found',
    'ResourceInitializationError: unable to pull secrets: context deadline exceeded',
    'ResourceInitializationError: something new',
  ])('is not given up for one task whose cause may pass: %s', (reason) => {
    expect(findEarlyFailure([notStarted(reason)])).toBeNull();
    expect(findEarlyFailure([notStarted(reason), notStarted(reason)])).toContain(reason);
  });

  it('is judged by the reason of a container too', () => {
    const reason = 'CannotPullContainerError: manifest unknown';
    const task = stopped({ stopCode: 'TaskFailedToStart', containers: [{ name: 'web', reason }] });
    expect(findEarlyFailure([crashed, task])).toBe(
      `task 0f3c91d2 stopped: TaskFailedToStart, container web: ${reason} (2 tasks so far)`,
    );
  });
});

test('a stopped task that AWS says nothing about is described as that', () => {
  expect(describeStoppedTask({})).toBe('task  stopped: no stop code');
});

describe('the hint', () => {
  test.each([
    ['container web exit code 137', /memory/],
    ['container web exit code 139', /architecture/],
    ['container web exit code 127', /entry point/],
    ['container web exit code 1', /last log lines/],
    ['CannotPullContainerError: manifest unknown', /image exists/],
    ['CannotPullContainerError: no matching manifest for linux/arm64', /CPU architecture/],
    ['CannotPullContainerError: dial tcp 1.2.3.4:443: i/o timeout', /NAT/],
    ['ResourceInitializationError: unable to pull secrets or registry auth', /secret exists/],
    ['ResourceInitializationError: failed to validate logger args: log group', /log group/],
    ['target 10.0.1.5:8080 is unhealthy (Target.Timeout: Request timed out)', /listens on the port/],
    [
      'target is unhealthy (Target.ResponseCodeMismatch: Health checks failed with these codes: [404])',
      /health check path/,
    ],
  ])('for "%s" names the next step', (text, expected) => {
    expect(findFailureHint(text)).toMatch(expected);
  });

  it('is left out where nothing is known', () => {
    expect(findFailureHint('it rained')).toBeNull();
  });
});
