import { afterEach, describe, expect, test } from '@jest/globals';
import type { Behaviour } from '../../simulators/behaviour.ts';
import { paths } from '../../simulators/kubernetes-stage.ts';
import { closeAgents } from './agent.ts';
import { givenKubernetes } from './kubernetes-agent.ts';
import { isCopyThere, watchTraffic } from './watch-kubernetes-split.ts';

afterEach(closeAgents);

const good: Partial<Behaviour> = { version: 'v2', answers: { '/predict': { status: 200, body: 'greeting' } } };
/** Passes until the new version answers at the live address. */
const liveFails = '- GET /\n- GET https://shop.example/: { contains: v1 }';
const kept = { strategy: 'blue-green', steps: '100% for 0s', 'on-failure': 'keep', overlap: '8s' };

describe('what a run has kept (`on-failure: keep`), with all of the traffic', () => {
  test.each([
    ['a rolling deploy', {}],
    ['a canary', { strategy: 'canary', steps: '50% for 20s' }],
    ['blue-green', { strategy: 'blue-green', steps: '100% for 20s' }],
  ])('gives it back before %s takes its place', async (_, inputs) => {
    const agent = await givenKubernetes({ stage: { replicas: 2 } });
    const service = await agent.stage.expect(`${paths.services}/web`);
    const traffic = watchTraffic(agent);
    const image = agent.world.publish('v2', good);
    const first = await agent.deploy({ image, ...kept, 'smoke-tests': liveFails });
    expect(first.main).toMatchObject({ exitCode: 1, outputs: { outcome: 'kept' } });
    await agent.stage.pass(60_000);
    expect(traffic.tables.at(-1)).toBe('new 2');

    const next = agent.world.publish('v3', { ...good, version: 'v3' });
    const { main } = await agent.deploy({ image: next, 'smoke-tests': '- GET /', overlap: '8s', ...inputs });
    expect(main.outputs).toMatchObject({ outcome: 'deployed' });
    await agent.stage.pass(10_000);
    expect([await isCopyThere(agent), (await agent.stage.ask()).body]).toEqual([false, 'v3']);
    expect((await agent.stage.expect(`${paths.services}/web`))['spec']).toEqual(service['spec']);
    expect(traffic.failed).toEqual([]);
  });
});
