import { afterEach, describe, expect, test } from '@jest/globals';
import type { Agent } from '../../simulators/agent.ts';
import type { Call } from '../../simulators/edge/calls.ts';
import { closeAgents, dist, givenAgent } from './agent.ts';

afterEach(closeAgents);

const smokeTests = '- GET /health\n- GET /predict: { retry-for: 5s }';

async function callsOfGoodDeploy(): Promise<readonly Call[]> {
  const agent = await givenAgent({ entries: dist });
  const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), 'smoke-tests': smokeTests });
  expect(main.outputs).toMatchObject({ outcome: 'deployed' });
  return agent.world.edge.calls;
}

/** Every call that changes something, and every fifth of the others. */
function sample(calls: readonly Call[]): readonly number[] {
  const reads = calls.filter(({ mutates }) => !mutates).filter((_, index) => index % 5 === 0);
  return [...calls.filter(({ mutates }) => mutates), ...reads].map(({ n }) => n).sort((a, b) => a - b);
}

/** SIGINT when the n-th call of main has taken effect and is not answered yet. */
function deployAndInterrupt(agent: Agent, n: number) {
  let sent = false;
  const onStart = (child: { kill(signal: NodeJS.Signals): boolean }) => {
    agent.world.edge.onCall((call, when) => {
      if (sent || call.n !== n || when !== 'after') return;
      sent = child.kill('SIGINT');
    });
  };
  return agent.deploy({ image: agent.world.publish('v2', {}), 'smoke-tests': smokeTests }, { onMainStart: onStart });
}

describe('SIGINT in a good deploy, then post', () => {
  test('at each call that changes something and each fifth read ends exactly as before', async () => {
    const calls = await callsOfGoodDeploy();
    const moments = sample(calls);
    let asBefore = 0;
    for (const n of moments) {
      const agent = await givenAgent({ entries: dist });
      const at = `${n} ${calls[n - 1]!.operation}`;
      const before = agent.snapshot();
      const { main, post } = await deployAndInterrupt(agent, n);
      expect({ at, exit: main.exitCode, outputs: main.outputs }).toEqual({ at, exit: 1, outputs: {} });
      expect({ at, said: /the job was cancelled \(SIGINT\)/.test(main.log) }).toEqual({ at, said: true });
      expect({ at, exit: post.exitCode, ending: /\[(rolled-back|refused)\]/.test(post.log) }).toEqual({
        at,
        exit: 1,
        ending: true,
      });
      expect({ at, after: agent.snapshot() }).toEqual({ at, after: before });
      expect({ at, ...(await agent.ask()) }).toMatchObject({ at, body: 'v1' });
      asBefore++;
      await closeAgents();
    }
    process.stdout.write(
      `SIGINT at ${moments.length} of ${calls.length} calls, then post: ${asBefore} exactly as before\n`,
    );
    expect(moments.length).toBeGreaterThan(15);
  });
});
