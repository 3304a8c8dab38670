import path from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { Agent } from '../../simulators/agent.ts';
import { openCloudRunAgent } from '../../simulators/cloud-run-agent.ts';
import { openContainerAppsAgent } from '../../simulators/container-apps-agent.ts';
import { closeAgents, givenAgent, givenOn } from '../scenarios/agent.ts';

const rolling = { strategy: 'rolling' };
const canary = { strategy: 'canary', steps: '10% for 30s, 50%' };
const blueGreen = { strategy: 'blue-green', steps: '100% for 30s' };
const preview = { traffic: '0' };

/** Every target, and every strategy that it can do. One row for each. */
const TARGETS: readonly {
  readonly name: string;
  readonly open: () => Promise<Agent>;
  readonly strategies: readonly Readonly<Record<string, string>>[];
}[] = [
  { name: 'ecs', open: () => givenAgent(), strategies: [rolling] },
  { name: 'cloud-run', open: () => givenOn(openCloudRunAgent), strategies: [rolling, canary, blueGreen, preview] },
  {
    name: 'container-apps with several revisions',
    open: () => givenOn(openContainerAppsAgent, { app: { mode: 'Multiple' } }),
    strategies: [rolling, canary, blueGreen, preview],
  },
  {
    name: 'container-apps with one revision',
    open: () => givenOn(openContainerAppsAgent, { app: { mode: 'Single' } }),
    strategies: [rolling],
  },
];

const prefixEntry = path.resolve(import.meta.dirname, '../fixtures/entries/prefix.ts');
const smokeTests = '- GET /health';
const rows = TARGETS.flatMap(({ strategies, ...target }) =>
  strategies.map((inputs) => ({
    ...target,
    inputs,
    title: Object.entries(inputs)
      .map((pair) => pair.join(': '))
      .join(', '),
  })),
);

afterEach(closeAgents);

/** Runs the first `prefix` steps of the strategy's plan and leaves; `total` is how many the plan has. */
async function leaveAfter(prefix: number, agent: Agent, inputs: Readonly<Record<string, string>>) {
  const image = agent.world.publish('v2', {});
  const result = await agent.deploy(
    { image, 'smoke-tests': smokeTests, ...inputs },
    { main: prefixEntry, env: { PREFIX: String(prefix) } },
  );
  const total = Number(/\[prefix\] (\d+) steps/.exec(result.main.log)?.[1]);
  return { ...result, total };
}

describe.each(rows)('$name, $title: after every prefix of the plan', ({ name, open, inputs, title }) => {
  test('the way back leads to exactly as before', async () => {
    let total = 1;
    for (let prefix = 0; prefix <= total; prefix += 1) {
      const agent = await open();
      const before = agent.snapshot();
      const left = await leaveAfter(prefix, agent, inputs);
      total = left.total;
      expect({ prefix, log: left.main.log }).toMatchObject({ log: expect.stringContaining('steps in all') });
      expect({ prefix, after: agent.snapshot() }).toEqual({ prefix, after: before });
      expect({ prefix, ...(await agent.ask()) }).toMatchObject({ prefix, status: 200, body: 'v1' });
      const outcome = prefix === 0 ? '`refused`' : '`rolled-back`';
      expect({ prefix, summary: left.post.summary }).toMatchObject({ summary: expect.stringContaining(outcome) });
      expect({ prefix, exitCode: left.post.exitCode }).toEqual({ prefix, exitCode: 1 });
      await closeAgents();
    }
    process.stdout.write(`${total + 1} of ${total + 1} prefixes are taken back exactly: ${name}, ${title}\n`);
    expect(total).toBeGreaterThan(1);
    // A run for each prefix.
  }, 240_000);
});
