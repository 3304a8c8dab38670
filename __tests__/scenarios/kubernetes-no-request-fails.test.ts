import { afterEach, describe, expect, test } from '@jest/globals';
import type { Behaviour } from '../../simulators/behaviour.ts';
import { closeAgents } from './agent.ts';
import { givenKubernetes } from './kubernetes-agent.ts';
import { watchTraffic } from './watch-kubernetes-split.ts';

afterEach(closeAgents);

const strategies: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  rolling: {},
  canary: { strategy: 'canary', steps: '50% for 30s' },
  'blue-green': { strategy: 'blue-green', steps: '100% for 30s', overlap: '8s' },
};
const images: readonly (readonly [string, Partial<Behaviour>, string])[] = [
  ['a good image', {}, 'deployed'],
  ['an image that crashes at its start', { crash: { afterMs: 500, exitCode: 1, logs: ['boom'] } }, 'rolled-back'],
  ['an image whose smoke test fails', { answers: { '/predict': { status: 500, body: 'no model' } } }, 'rolled-back'],
];
const rows = Object.entries(strategies).flatMap(([strategy, inputs]) =>
  images.map(([image, behaviour, outcome]) => ({ strategy, inputs, image, behaviour, outcome })),
);

describe('no request through the Service fails', () => {
  test.each(rows)('$strategy, $image', async ({ strategy, inputs, image, behaviour, outcome }) => {
    const agent = await givenKubernetes({ stage: { replicas: 3 } });
    const traffic = watchTraffic(agent);
    const name = agent.world.publish('v2', { answers: { '/predict': { status: 200, body: 'yes' } }, ...behaviour });
    const { main } = await agent.deploy({ image: name, 'smoke-tests': '- GET /predict: { retry-for: 5s }', ...inputs });
    await agent.stage.pass(5_000);
    traffic.stop();
    expect(main.outputs['outcome']).toBe(outcome);
    const { answers, failed } = traffic;
    process.stdout.write(`${strategy}, ${image}: ${answers.length} requests sent, ${failed.length} failed\n`);
    expect(failed).toEqual([]);
    expect(answers.length).toBeGreaterThan(20);
    const versions = new Set(answers.map(({ version }) => version));
    const isServed = outcome === 'deployed' || (strategy === 'rolling' && 'answers' in behaviour);
    expect(versions).toEqual(new Set(isServed ? ['v1', 'v2'] : ['v1']));
  });
});
