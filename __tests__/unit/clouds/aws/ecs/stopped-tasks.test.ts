import { ECSClient } from '@aws-sdk/client-ecs';
import { afterEach, expect, test } from '@jest/globals';
import { clientSettings } from '../../../../../src/clouds/aws/client-settings.ts';
import type { EcsService } from '../../../../../src/clouds/aws/ecs/service.ts';
import { listOurTasks } from '../../../../../src/clouds/aws/ecs/stopped-tasks.ts';
import { neverAborted } from '../../../../../src/io/signals.ts';
import { type Body, openWire, type Wire } from '../wire-fake.ts';

let wire: Wire;
afterEach(() => wire.close());

const MARK = 'arn:aws:ecs:eu-west-1:123456789012:task-definition/agent:2';
const COUNT = 250;

/** As AWS: a hundred at a time, in no order; the newest is on the last page. */
async function openTasks(): Promise<EcsService> {
  const arns = Array.from({ length: COUNT }, (_, index) => `task/${index}`);
  wire = await openWire({
    ListTasks: ({ nextToken }: Body) => {
      const from = Number(nextToken ?? 0);
      const more = from + 100 < COUNT ? { nextToken: String(from + 100) } : {};
      return { taskArns: arns.slice(from, from + 100), ...more };
    },
    DescribeTasks: ({ tasks }: Body) => ({
      failures: [],
      tasks: (tasks as string[]).map((taskArn) => {
        const number = Number(taskArn.split('/')[1]);
        return { taskArn, taskDefinitionArn: number % 2 === 0 ? MARK : `${MARK}0`, stoppedAt: 1_000_000 + number };
      }),
    }),
  });
  const client = new ECSClient(clientSettings('eu-west-1', wire.io));
  const place = { cluster: 'production', service: 'agent', region: 'eu-west-1', resource: 'service agent' };
  return { ...place, client, io: wire.io, signal: neverAborted, warned: new Set() } as unknown as EcsService;
}

test('more than a hundred stopped tasks are read page by page, and ours are told newest first', async () => {
  const tasks = await listOurTasks(await openTasks(), MARK, 'STOPPED');
  expect(tasks).toHaveLength(COUNT / 2);
  expect(tasks.slice(0, 2).map(({ taskArn }) => taskArn)).toEqual([`task/${COUNT - 2}`, `task/${COUNT - 4}`]);
  expect(wire.calls.map(({ operation }) => operation)).toEqual(
    Array.from({ length: 3 }, () => ['ListTasks', 'DescribeTasks']).flat(),
  );
});
