import type { Task } from '@aws-sdk/client-ecs';
import { describe, expect, it } from '@jest/globals';
import { withoutSession } from '../../../../../src/clouds/aws/ecs/our-role.ts';
import { decideStuck } from '../../../../../src/clouds/aws/ecs/stuck.ts';

const BEGAN = 1_900_000_000_000;

function stopped(afterMs: number, options: Partial<Task> = {}): Task {
  return {
    taskArn: 'arn:aws:ecs:eu-west-1:123456789012:task/production/0f3c91d2aaaa',
    createdAt: new Date(BEGAN + afterMs - 5_000),
    stoppedAt: new Date(BEGAN + afterMs),
    stopCode: 'EssentialContainerExited',
    containers: [{ name: 'app', exitCode: 3 }],
    ...options,
  };
}

const pull: Partial<Task> = {
  stopCode: 'TaskFailedToStart',
  stoppedReason: 'CannotPullContainerError: manifest for agent:placeholder not found',
};

describe('can a deployment in progress end by itself?', () => {
  it.each([
    ['it may, as far as nothing says otherwise', [], null],
    ['it may after one crash', [stopped(40_000)], null],
    ['not in a crash loop', [stopped(40_000), stopped(20_000)], /EssentialContainerExited.*exit code 3 \(2 tasks/],
    ['not with an image that does not exist', [stopped(40_000, pull)], /CannotPullContainerError/],
    ['it may while a run that has no marker would still stop it', [stopped(29_000), stopped(10_000)], null],
    ['it may as far as tasks of an earlier deployment are concerned', [stopped(-10_000), stopped(-20_000)], null],
    [
      'it may when tasks were only replaced',
      [40_000, 50_000].map((ms) => stopped(ms, { stopCode: 'ServiceSchedulerInitiated', containers: [] })),
      null,
    ],
  ])('%s', (_title, tasks, why) => {
    if (why === null) expect(decideStuck(tasks, BEGAN, 1)).toBeNull();
    else expect(decideStuck(tasks, BEGAN, 1)).toMatch(why);
  });
});

describe('who registered a task definition', () => {
  it.each([
    ['arn:aws:sts::123456789012:assumed-role/deploy/GitHubActions', 'arn:aws:sts::123456789012:assumed-role/deploy'],
    ['arn:aws:iam::123456789012:user/anna', 'arn:aws:iam::123456789012:user/anna'],
  ])('is the role of a session: %s', (arn, who) => {
    expect(withoutSession(arn)).toBe(who);
  });
});
