import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openEcs } from '../../../../../src/clouds/aws/ecs/workload.ts';
import type { Change, Operation, Workload } from '../../../../../src/model/workload.ts';
import { type EcsWorld, openEcsWorld } from './ecs-world.ts';

const change: Change = { images: [], environment: new Map([['LOG_LEVEL', 'INFO']]), secrets: new Map() };

let world: EcsWorld;
beforeEach(async () => {
  world = await openEcsWorld();
});
afterEach(() => world.wire.close());

/** Our deployment is on its way, and was looked at once. */
async function underWay(): Promise<{ readonly workload: Workload; readonly operation: Operation }> {
  const place = { cluster: 'production', service: 'agent', region: 'eu-west-1' };
  const { workload } = await openEcs(place, world.wire.io);
  const point = await workload.capture();
  const mark = await workload.prepare(change);
  await workload.deploy(mark, point, { takeTraffic: true });
  const operation = (await workload.findOperation(mark, point))!;
  await workload.observe(operation);
  return { workload, operation };
}

/** Our tasks, as the service shows them; `others`: older deployments that are not gone yet. */
function show(tasks: { readonly running: number; readonly pending: number; readonly others?: number }): void {
  const { running, pending, others = 0 } = tasks;
  const taskDefinition = world.service['taskDefinition'];
  const ours = { status: 'PRIMARY', rolloutState: 'IN_PROGRESS', taskDefinition, desiredCount: 2 };
  const old = Array.from({ length: others }, () => ({ status: 'ACTIVE', desiredCount: 0 }));
  const deployments = [{ ...ours, runningCount: running, pendingCount: pending }, ...old];
  world.service = { ...world.service, deployments };
}

async function callsOf(body: () => Promise<unknown>): Promise<readonly string[]> {
  const before = world.wire.calls.length;
  await body();
  return world.wire.calls.slice(before).map(({ operation }) => operation);
}

describe('while a rollout goes well', () => {
  it('a look is one call, and tells how many tasks run', async () => {
    const { workload, operation } = await underWay();
    show({ running: 1, pending: 1, others: 1 });
    const calls = await callsOf(async () => {
      const observation = await workload.observe(operation);
      expect(observation).toMatchObject({
        status: 'progressing',
        message: '1 of 2 new tasks running, 1 pending (IN_PROGRESS)',
        nearEnd: false,
      });
    });
    expect(calls).toEqual(['DescribeServices']);
  });

  it('nothing shows how long the old tasks drain', async () => {
    const { workload, operation } = await underWay();
    show({ running: 2, pending: 0, others: 1 });
    expect(await workload.observe(operation)).not.toHaveProperty('nearEnd');
  });

  it('the end is near when only our tasks are left, and the deployment itself is asked for it', async () => {
    const { workload, operation } = await underWay();
    show({ running: 2, pending: 0 });
    expect(await workload.observe(operation)).toMatchObject({ status: 'progressing', nearEnd: true });
    world.deployments.at(-1)!.status = 'SUCCESSFUL';
    const calls = await callsOf(async () => {
      expect(await workload.observe(operation)).toMatchObject({ status: 'succeeded' });
    });
    expect(calls[0]).toBe('DescribeServiceDeployments');
  });

  it('everything is looked at again after a minute and a half', async () => {
    const { workload, operation } = await underWay();
    world.deployments.at(-1)!.status = 'SUCCESSFUL';
    expect((await workload.observe(operation)).status).toBe('progressing');
    world.wire.time += 90_000;
    expect((await workload.observe(operation)).status).toBe('succeeded');
  });
});

describe('all is looked at when the service shows', () => {
  const everything = ['DescribeServices', 'DescribeServiceDeployments', 'ListServiceDeployments', 'ListTasks'];

  it.each<[string, () => void]>([
    ['a task that no longer runs', () => show({ running: 0, pending: 2, others: 1 })],
    ['a failed task', () => alter({ failedTasks: 1 })],
    ['that the rollout failed', () => alter({ rolloutState: 'FAILED' })],
    ['another desired count', () => Object.assign(world.service, { desiredCount: 3 })],
    ['a third task for two', () => say('has started 2 tasks: (task a) (task b).', 'has started 1 tasks: (task c).')],
    ['an event that is no routine', () => say('was unable to place a task.')],
  ])('%s', async (_what, happens) => {
    const { workload, operation } = await underWay();
    show({ running: 1, pending: 1, others: 1 });
    await workload.observe(operation);
    world.service = { ...world.service };
    happens();
    expect(await callsOf(() => workload.observe(operation))).toEqual(everything);
  });

  it('and soon again once something is wrong, as lists of tasks lag behind', async () => {
    const { workload, operation } = await underWay();
    alter({ failedTasks: 1 });
    expect(await workload.observe(operation)).toMatchObject({ status: 'progressing', nearEnd: true });
    world.wire.time += 4_000;
    expect(await callsOf(() => workload.observe(operation))).toEqual(['DescribeServices']);
    world.wire.time += 1_000;
    expect(await callsOf(() => workload.observe(operation))).toContain('ListTasks');
  });

  function alter(members: object): void {
    const [ours, ...others] = world.service['deployments'] as object[];
    world.service = { ...world.service, deployments: [{ ...ours, ...members }, ...others] };
  }

  function say(...messages: readonly string[]): void {
    const { createdAt } = world.deployments.at(-1)!;
    const events = messages.map((message) => ({ message: `(service agent) ${message}`, createdAt: createdAt + 1 }));
    world.service = { ...world.service, events };
  }
});

it('an operation usually takes as long as the last deployment that succeeded', async () => {
  world.deployments[0]!.finishedAt = world.deployments[0]!.createdAt + 240;
  const { operation } = await underWay();
  expect(operation.usualMs).toBe(240_000);
});
