import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openEcs } from '../../../../../src/clouds/aws/ecs/workload.ts';
import { neverAborted } from '../../../../../src/io/signals.ts';
import type { EditChange, Watch } from '../../../../../src/model/workload.ts';
import { type EcsWorld, openEcsWorld } from './ecs-world.ts';

const change: EditChange = {
  kind: 'edit',
  base: null,
  images: [],
  environment: new Map([['LOG_LEVEL', 'INFO']]),
  secrets: new Map(),
};

let world: EcsWorld;
beforeEach(async () => {
  world = await openEcsWorld();
});
afterEach(() => world.wire.close());

/** Our deployment is in progress, and was polled once. */
async function inProgress(): Promise<Watch> {
  const workload = await openEcs(
    { cluster: 'production', service: 'agent', region: 'eu-west-1' },
    { io: world.wire.io, signal: neverAborted },
  );
  const point = await workload.capture();
  const { mark, send } = await workload.prepare(change);
  await send(point, { takeTraffic: true, shifts: [], markedUntil: 0 });
  const watch = workload.watch((await workload.findOperation(mark, point))!);
  await watch.poll();
  return watch;
}

/** The pause that it settles at, in milliseconds, when nothing changes for twelve polls. */
async function settledPause(watch: Watch): Promise<number | undefined> {
  let last = await watch.poll();
  for (let polls = 1; polls < 12; polls += 1) last = await watch.poll();
  return last.status === 'progressing' ? last.pollAfterMs : undefined;
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
  it('a poll is one call, and tells how many tasks run', async () => {
    const watch = await inProgress();
    show({ running: 1, pending: 1, others: 1 });
    const calls = await callsOf(async () => {
      const observation = await watch.poll();
      expect(observation).toMatchObject({
        status: 'progressing',
        message: '1 of 2 new tasks running, 1 pending (IN_PROGRESS)',
      });
    });
    expect(calls).toEqual(['DescribeServices']);
  });

  it('polls are ten seconds apart while tasks start', async () => {
    const watch = await inProgress();
    show({ running: 1, pending: 1, others: 1 });
    expect(await settledPause(watch)).toBe(10_000);
  });

  it('nothing shows how long the old tasks drain, so polls are at most an eighth of the time so far apart', async () => {
    const watch = await inProgress();
    show({ running: 2, pending: 0, others: 1 });
    world.wire.time += 24_000;
    expect(await settledPause(watch)).toBe(3_000);
  });

  it('the deployment itself is read each minute and a half beside the service while the old tasks drain', async () => {
    const watch = await inProgress();
    show({ running: 2, pending: 0, others: 1 });
    world.deployments.at(-1)!.running = 2;
    await watch.poll();
    world.wire.time += 90_000;
    expect(await callsOf(() => watch.poll())).toEqual(['DescribeServiceDeployments', 'DescribeServices']);
    expect(await callsOf(() => watch.poll())).toEqual(['DescribeServices']);
  });

  it('polls are a second apart when only our tasks are left, and the deployment itself tells that it is done', async () => {
    const watch = await inProgress();
    show({ running: 2, pending: 0 });
    expect(await watch.poll()).toMatchObject({ status: 'progressing', pollAfterMs: 1_000 });
    world.deployments.at(-1)!.status = 'SUCCESSFUL';
    const calls = await callsOf(async () => {
      expect(await watch.poll()).toMatchObject({ status: 'succeeded' });
    });
    expect(calls[0]).toBe('DescribeServiceDeployments');
  });

  it('everything is read again after a minute and a half', async () => {
    const watch = await inProgress();
    world.deployments.at(-1)!.status = 'SUCCESSFUL';
    expect((await watch.poll()).status).toBe('progressing');
    world.wire.time += 90_000;
    expect((await watch.poll()).status).toBe('succeeded');
  });
});

describe('everything is read when the service shows', () => {
  const everything = ['DescribeServices', 'DescribeServiceDeployments', 'ListServiceDeployments', 'ListTasks'];

  it.each<[string, () => void]>([
    ['a task that no longer runs', () => show({ running: 0, pending: 2, others: 1 })],
    ['a failed task', () => alter({ failedTasks: 1 })],
    ['that the rollout failed', () => alter({ rolloutState: 'FAILED' })],
    ['another desired count', () => Object.assign(world.service, { desiredCount: 3 })],
    ['a third task for two', () => say('has started 2 tasks: (task a) (task b).', 'has started 1 tasks: (task c).')],
    ['an event that is not routine', () => say('was unable to place a task.')],
  ])('%s', async (_what, happens) => {
    const watch = await inProgress();
    show({ running: 1, pending: 1, others: 1 });
    await watch.poll();
    world.service = { ...world.service };
    happens();
    expect(await callsOf(() => watch.poll())).toEqual(everything);
  });

  it('and soon again once something is wrong, as lists of tasks lag behind', async () => {
    const watch = await inProgress();
    alter({ failedTasks: 1 });
    expect(await watch.poll()).toMatchObject({ status: 'progressing', pollAfterMs: 1_000 });
    world.wire.time += 4_000;
    expect(await callsOf(() => watch.poll())).toEqual(['DescribeServices']);
    world.wire.time += 1_000;
    expect(await callsOf(() => watch.poll())).toContain('ListTasks');
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

it('polls are two seconds apart about when the last deployment that succeeded was done', async () => {
  world.deployments[0]!.finishedAt = world.deployments[0]!.createdAt + 240;
  const watch = await inProgress();
  show({ running: 1, pending: 1, others: 1 });
  expect(await settledPause(watch)).toBe(10_000);
  world.wire.time += 240_000;
  await watch.poll();
  expect(await settledPause(watch)).toBe(2_000);
});
