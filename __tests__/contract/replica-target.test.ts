import { describe, expect, test } from '@jest/globals';
import type { Io } from '../../src/io/io.ts';
import type { Change } from '../../src/model/workload.ts';
import { blueGreen } from '../../src/strategies/blue-green.ts';
import { canary } from '../../src/strategies/canary.ts';
import { preview } from '../../src/strategies/preview.ts';
import { rolling } from '../../src/strategies/rolling.ts';
import type { Strategy } from '../../src/strategies/strategy.ts';
import { fakeIo } from '../fixtures/fake-io.ts';
import { testContract } from './contract-suite.ts';
import { Cluster } from './replica-target/cluster.ts';
import { openReplicaWorkload } from './replica-target/target.ts';
import { deployOn, openWorkloadStage, type TestTarget } from './workload-stage.ts';

const v1 = '["v1"]';
const v2: Change = { kind: 'definition', definition: { image: 'v2' } };
const steps = '5% for 1m, 50% for 1m';

function targetOn(cluster: Cluster, by: 'us' | 'platform'): TestTarget {
  return {
    openWorkload: ({ clock }: Io) => openReplicaWorkload(cluster, by, clock),
    snapshot: () => structuredClone(cluster.service),
    ask: async () => cluster.service?.spec ?? null,
  };
}

const ALL: readonly [string, Strategy][] = [
  ['rolling', rolling],
  ['canary', canary],
  ['blue-green', blueGreen],
  ['traffic: 0', preview],
];
const rows = (by: 'us' | 'platform', spec: string | null, strategies = ALL) =>
  strategies.map(([title, strategy]) => ({
    title,
    open: async () => openWorkloadStage(targetOn(new Cluster(spec), by), { strategy, steps, change: v2 }),
  }));

testContract('a target weighted by replicas', rows('us', v1));
testContract('a target weighted by replicas, without a service at first', rows('us', null));
testContract(
  'a platform that shifts traffic itself',
  rows(
    'platform',
    v1,
    ALL.filter(([, strategy]) => strategy !== preview),
  ),
);

describe('a target in a folder of its own', () => {
  test.each(['us', 'platform'] as const)('deploys a canary whose traffic is moved by %s', async (by) => {
    const cluster = new Cluster(v1);
    const io = fakeIo();
    const outcome = await deployOn(targetOn(cluster, by), { strategy: canary, steps, change: v2, io });
    expect(outcome).toMatchObject({ kind: 'deployed', failure: null });
    const shifts = by === 'us' ? 0 : 3;
    expect(cluster.calls).toEqual([`create (${shifts} shifts)`, '1 replicas', '3 replicas', '5 replicas', 'finish']);
    expect(cluster.service).toEqual({ spec: '{"image":"v2"}', next: null });
    expect(io.printed).toContain('Traffic 5% asked for, 20% in force: 1 of 5 replicas');
    expect(io.printed).toContain('Analyze at 5% asked for, 20% in force: 1 of 5 replicas');
  });

  test('creates a service that did not exist', async () => {
    const cluster = new Cluster(null);
    const outcome = await deployOn(targetOn(cluster, 'us'), { strategy: rolling, steps: '100%', change: v2 });
    expect(outcome).toMatchObject({ kind: 'deployed', previousRevision: null });
    expect(cluster.service).toEqual({ spec: '{"image":"v2"}', next: null });
  });

  test('deploys a revision that was there before', async () => {
    const cluster = new Cluster(v1);
    const target = targetOn(cluster, 'us');
    const { previousRevision: revision } = await deployOn(target, { strategy: rolling, steps: '100%', change: v2 });
    const back: Change = { kind: 'revision', revision: revision! };
    expect(await deployOn(target, { strategy: rolling, steps: '100%', change: back })).toMatchObject({ revision });
    expect(cluster.service?.spec).toBe(v1);
  });

  test.each(['create', '1 replicas', 'finish'])(
    'finds out what a lost answer of %s did, and sends nothing twice',
    async (lost) => {
      const cluster = new Cluster(v1);
      const target = targetOn(cluster, 'us');
      const change = cluster.change.bind(cluster);
      let isLost = false;
      cluster.change = (call, service) => {
        change(call, service);
        if (isLost || !call.startsWith(lost)) return;
        isLost = true;
        throw new Error('its answer was lost');
      };
      expect(await deployOn(target, { strategy: canary, steps, change: v2 })).toMatchObject({ kind: 'deployed' });
      expect(cluster.calls).toHaveLength(5);
    },
  );
});
