import { describe, expect, test } from '@jest/globals';
import { deploy } from '../../../src/engine/deploy.ts';
import { openJournal } from '../../../src/engine/journal.ts';
import type { Rollout } from '../../../src/engine/rollout.ts';
import { openEndpoint } from '../../../src/model/endpoint.ts';
import { DeployError } from '../../../src/model/errors.ts';
import type { SmokeTest } from '../../../src/model/smoke-test.ts';
import type { Capabilities, Observation, Operation, TrafficControl, Workload } from '../../../src/model/workload.ts';
import { canary } from '../../../src/strategies/canary.ts';
import { preview } from '../../../src/strategies/preview.ts';
import { rolling } from '../../../src/strategies/rolling.ts';
import { parseTrafficSteps } from '../../../src/strategies/traffic-steps.ts';
import { type FakeIo, fakeIo } from '../../fixtures/fake-io.ts';
import { scriptedRollout } from '../../fixtures/scripted-rollout.ts';
import { operation, preparedBy, scriptedWorkload, watchBy } from '../../fixtures/scripted-workload.ts';

const working = { status: 'succeeded', reason: 'READY', message: 'ready' } as const;

const byPercent: Capabilities = {
  traffic: { by: 'us', weights: 'any' },
  preview: true,
  changes: ['edit'],
  remedy: null,
};

type OurControl = Extract<TrafficControl, { by: 'us' }>;

/** A workload whose traffic we move, and what was requested of it. */
function shiftable(parts: Partial<Workload> = {}, control: Partial<OurControl> = {}) {
  const asked: string[] = [];
  const traffic: OurControl = {
    by: 'us',
    async setWeight(ours, { percent }) {
      asked.push(`${percent} %`);
      return { ...ours, goal: { kind: 'weight', percent } };
    },
    ...control,
  };
  const workload = scriptedWorkload({
    capabilities: byPercent,
    traffic,
    prepare: async () =>
      preparedBy(async (_point, { takeTraffic }) => {
        asked.push(`deploy ${takeTraffic}`);
        return operation;
      }),
    async finish(ours) {
      asked.push('finish');
      return { ...ours, goal: { kind: 'finished' } };
    },
    preview: async () => [openEndpoint('https://preview.agent.test')],
    async restore() {
      asked.push('restore');
      return { status: 'restored', by: 'us', message: 'agent:41 serves again' };
    },
    ...parts,
  });
  return { workload, asked };
}

/** A read whose first answer is a transient error. */
function failingOnce<T>(answer: T): () => Promise<T> {
  let reads = 0;
  return async () => {
    if (++reads === 1) throw new DeployError('NETWORK', 'could not reach the platform');
    return answer;
  };
}

function commandThat(script: string): SmokeTest {
  return {
    kind: 'command',
    name: `run: ${script}`,
    script,
    timeoutMs: 5_000,
    passes: 1,
    retryForMs: 0,
    passedVariables: [],
  };
}

function rolloutOf(
  workload: Workload,
  io: FakeIo,
  steps = canary.plan(parseTrafficSteps('5% for 2m, 25% for 3m'), byPercent),
): Rollout {
  return { ...scriptedRollout(workload, io, steps), deadline: io.clock.now() + 60_000 };
}

describe('a rolling deploy', () => {
  test('ends with all the traffic and is finished, where we move traffic', async () => {
    const { workload, asked } = shiftable();
    const outcome = await deploy(rolloutOf(workload, fakeIo(), rolling.plan([], byPercent)));
    expect(outcome.kind).toBe('deployed');
    expect(asked).toEqual(['deploy true', '100 %', 'finish']);
  });

  test('leaves traffic to the platform where that moves it, and is finished all the same', async () => {
    const { workload, asked } = shiftable({ traffic: null });
    const outcome = await deploy(rolloutOf(workload, fakeIo(), rolling.plan([], byPercent)));
    expect(outcome.kind).toBe('deployed');
    expect(asked).toEqual(['deploy true', 'finish']);
  });
});

describe('a canary', () => {
  test('goes up step by step, is finished and confirmed', async () => {
    const { workload, asked } = shiftable();
    const io = fakeIo();
    const rollout = rolloutOf(workload, io);
    const outcome = await deploy(rollout);
    expect(outcome).toMatchObject({ kind: 'deployed', revision: 'agent:42', previousRevision: 'agent:41' });
    expect(asked).toEqual(['deploy false', '5 %', '25 %', '100 %', 'finish']);
    expect(rollout.record.previewUrl).toBe('https://preview.agent.test');
  });

  test('is analyzed for as long as its steps say, which its time-out does not count', async () => {
    const { workload } = shiftable();
    const io = fakeIo();
    const startedAt = io.clock.now();
    await deploy(rolloutOf(workload, io));
    // 5 minutes of analysis, with a time-out of one.
    expect(io.clock.now() - startedAt).toBe(300_000);
  });

  test('is analyzed every 15 seconds, and once more when its time is up', async () => {
    const io = fakeIo();
    const startedAt = io.clock.now();
    const polls: number[] = [];
    const observe = async ({ goal }: Operation) => {
      if (goal.kind === 'weight' && goal.percent === 5) polls.push((io.clock.now() - startedAt) / 1_000);
      return working;
    };
    await deploy(rolloutOf(shiftable({ watch: watchBy(observe) }).workload, io));
    // The first is for the weight itself.
    expect(polls).toEqual([0, 0, 15, 30, 45, 60, 75, 90, 105, 120]);
  });

  test('that becomes unhealthy while it is analyzed is rolled back, and gets no larger share', async () => {
    const io = fakeIo();
    const sickAt = io.clock.now() + 60_000;
    const sick = {
      status: 'failed',
      as: 'DEPLOY_FAILED',
      reason: 'UNHEALTHY',
      message: 'the revision lost its health',
    } as const;
    const { workload, asked } = shiftable({
      watch: watchBy(async (): Promise<Observation> => (io.clock.now() >= sickAt ? sick : working)),
    });
    const outcome = await deploy(rolloutOf(workload, io));
    expect(outcome).toMatchObject({ kind: 'rolled-back', failure: { code: 'DEPLOY_FAILED' } });
    expect(outcome.failure?.message).toContain('the revision lost its health');
    expect(asked).toEqual(['deploy false', '5 %', 'restore']);
  });

  test('whose platform cannot be asked is not passed: no data is not a pass', async () => {
    const io = fakeIo();
    const { workload, asked } = shiftable({
      watch: watchBy(async ({ goal }) => {
        const isBake = asked.length === 2 && goal.kind === 'weight';
        if (isBake && ++polls > 1) throw new DeployError('NETWORK', 'could not reach the platform');
        return working;
      }),
    });
    let polls = 0;
    const outcome = await deploy(rolloutOf(workload, io));
    expect(outcome).toMatchObject({ kind: 'rolled-back', failure: { code: 'TIMEOUT' } });
    expect(asked).toEqual(['deploy false', '5 %', 'restore']);
  });

  test('that has no data when its time is up is checked no more often than before', async () => {
    const io = fakeIo();
    let polls = 0;
    const noData = { status: 'progressing', reason: 'STARTING', message: 'an instance is being replaced' } as const;
    const { workload } = shiftable({
      watch: watchBy(async ({ goal }) => (goal.kind === 'weight' && ++polls > 1 ? noData : working)),
    });
    expect(await deploy(rolloutOf(workload, io))).toMatchObject({ failure: { code: 'TIMEOUT' } });
    // The first is for the weight itself; then two minutes of the bake and one of the time-out, every 15 seconds.
    expect(polls).toBe(1 + 1 + 180 / 15);
  });

  test.each<[string, Partial<Workload>]>([
    ['whether it is live', { isLive: failingOnce(true) }],
    ['its own address', { preview: failingOnce([openEndpoint('https://preview.agent.test')]) }],
  ])('is not rolled back because %s cannot be read once', async (_, parts) => {
    const { workload, asked } = shiftable(parts);
    expect(await deploy(rolloutOf(workload, fakeIo()))).toMatchObject({ kind: 'deployed' });
    expect(asked).not.toContain('restore');
  });

  test('is smoke-tested although its own address cannot be read once', async () => {
    const read = failingOnce([openEndpoint('https://preview.agent.test')]);
    let reads = 0;
    const preview = async () => (++reads === 1 ? [] : await read());
    const { workload } = shiftable({ preview });
    const smokeTests = [commandThat('exit 0')];
    expect(await deploy({ ...rolloutOf(workload, fakeIo()), smokeTests })).toMatchObject({ kind: 'deployed' });
  });

  test('whose request for a share is lost is sent again', async () => {
    let lost = 0;
    const { workload, asked } = shiftable(
      {},
      {
        async setWeight(ours, { percent }) {
          if (percent === 25 && lost++ === 0) throw new DeployError('NETWORK', 'could not reach the platform');
          asked.push(`${percent} %`);
          return { ...ours, goal: { kind: 'weight', percent } };
        },
      },
    );
    expect(await deploy(rolloutOf(workload, fakeIo()))).toMatchObject({ kind: 'deployed' });
    expect(asked).toContain('25 %');
    expect(lost).toBe(2);
  });

  test('that is no longer alone when all is done is not called deployed', async () => {
    const { workload } = shiftable({ isLive: async () => false });
    expect(await deploy(rolloutOf(workload, fakeIo()))).toMatchObject({ failure: { code: 'SUPERSEDED' } });
  });
});

describe('a preview', () => {
  const steps = preview.plan([], byPercent);

  test('is up and gets no traffic', async () => {
    const { workload, asked } = shiftable({ isLive: async () => false });
    const io = fakeIo();
    expect(await deploy(rolloutOf(workload, io, steps))).toMatchObject({ kind: 'previewed', revision: 'agent:42' });
    expect(asked).toEqual(['deploy false']);
    expect(openJournal(io).read()).toMatchObject({ phase: 'closed', outcome: 'previewed' });
  });

  test('whose smoke test fails is rolled back', async () => {
    const { workload, asked } = shiftable();
    const outcome = await deploy({ ...rolloutOf(workload, fakeIo(), steps), smokeTests: [commandThat('exit 3')] });
    expect(outcome).toMatchObject({ failure: { code: 'SMOKE_TEST_FAILED' } });
    expect(asked).toEqual(['deploy false', 'restore']);
  });
});
