import path from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { Agent } from '../../simulators/agent.ts';
import { closeAgents, givenAgent } from '../scenarios/agent.ts';

/** Every target, and every strategy that it can do. One row for each. */
const TARGETS: readonly {
  readonly name: string;
  readonly open: () => Promise<Agent>;
  readonly strategies: readonly Readonly<Record<string, string>>[];
}[] = [{ name: 'ecs', open: () => givenAgent(), strategies: [{ strategy: 'rolling' }] }];

const prefixEntry = path.resolve(import.meta.dirname, '../fixtures/entries/prefix.ts');
const smokeTests = '- GET /health';
const rows = TARGETS.flatMap(({ strategies, ...target }) =>
  strategies.map((inputs) => ({ ...target, inputs, title: Object.values(inputs).join(' ') })),
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

describe.each(rows)('$name, $title: after every prefix of the plan', ({ open, inputs }) => {
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
    process.stdout.write(`${total + 1} of ${total + 1} prefixes are taken back exactly (${inputs['strategy']})\n`);
    expect(total).toBeGreaterThan(1);
  });
});
