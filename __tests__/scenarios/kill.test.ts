import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { Agent } from '../../simulators/agent.ts';
import { closeAgents, dist, givenAgent } from './agent.ts';

afterEach(closeAgents);

const smokeTests = '- GET /health\n- POST /predict: { json-body: { text: hello }, contains: greeting, retry-for: 5s }';
const good = { answers: { '/predict': { status: 200, body: 'greeting' } } };
const bad = { answers: { '/predict': { status: 500, body: 'no' } } };

/** How many calls that change something a run makes when nothing disturbs it. */
async function countMutations(behaviour: object): Promise<number> {
  const agent = await givenAgent({ entries: dist });
  await deploy(agent, behaviour);
  return agent.world.edge.calls.filter(({ mutates }) => mutates).length;
}

function deploy(agent: Agent, behaviour: object, onStart?: (child: { kill(signal: NodeJS.Signals): boolean }) => void) {
  const image = agent.world.publish('v2', behaviour);
  return agent.deploy({ image, 'smoke-tests': smokeTests }, onStart ? { onMainStart: onStart } : {});
}

/** Kills the main step at its n-th call that changes something. */
async function killAt(agent: Agent, behaviour: object, n: number, when: 'before' | 'after') {
  let killed = false;
  let seen = 0;
  const result = await deploy(agent, behaviour, (child) => {
    if (killed) return;
    agent.world.edge.onCall((call, moment) => {
      if (killed || !call.mutates || moment !== when) return undefined;
      seen++;
      if (seen !== n) return undefined;
      killed = true;
      child.kill('SIGKILL');
      return when === 'before' ? 'drop' : undefined;
    });
  });
  return { result, killed };
}

describe('SIGKILL of main at each call that changes something, then post', () => {
  test.each([
    ['a good deploy', good],
    ['a deploy whose smoke test fails', bad],
  ])('in %s, the service is exactly as before', async (title, behaviour) => {
    const total = await countMutations(behaviour);
    let asBefore = 0;
    for (let n = 1; n <= total; n++) {
      const agent = await givenAgent({ entries: dist });
      const before = agent.snapshot();
      const visits = agent.watch();
      const { result, killed } = await killAt(agent, behaviour, n, 'after');
      expect({ n, killed, signal: result.main.signal }).toEqual({ n, killed: true, signal: 'SIGKILL' });
      expect({ n, after: agent.snapshot() }).toEqual({ n, after: before });
      expect({ n, ...(await agent.ask()) }).toMatchObject({ n, body: 'v1' });
      expect({ n, failed: visits.failed }).toEqual({ n, failed: 0 });
      expect({ n, post: result.post.exitCode }).toEqual({ n, post: 1 });
      asBefore++;
      await closeAgents();
    }
    process.stdout.write(`killed after each mutating call in ${title}: ${asBefore} of ${total} exactly as before\n`);
    expect(asBefore).toBe(total);
    expect(total).toBeGreaterThan(5);
  });

  test('at the start, post sends nothing', async () => {
    const agent = await givenAgent({ entries: dist });
    const image = agent.world.publish('v2', good);
    let first = true;
    const result = await agent.deploy(
      { image },
      {
        onMainStart: (child) => {
          if (first) child.kill('SIGKILL');
          first = false;
        },
      },
    );
    expect(result.main.signal).toBe('SIGKILL');
    expect(agent.world.edge.calls).toEqual([]);
    expect(result.post.log).toContain('[refused]');
  });
});

test('a smoke-test file that a later step deleted does not stop the rollback', async () => {
  const agent = await givenAgent();
  const workspace = await mkdtemp(path.join(os.tmpdir(), 'workspace-'));
  const file = path.join(workspace, 'smoke.yml');
  await writeFile(file, smokeTests);
  const before = agent.snapshot();
  const image = agent.world.publish('v2', good);
  const stop = (child: { kill(signal: NodeJS.Signals): boolean }) => {
    const ignore = agent.world.edge.onCall((call, when) => {
      if (call.operation !== 'ecs:UpdateService' || when !== 'after') return undefined;
      ignore();
      child.kill('SIGKILL');
      return 'drop';
    });
  };
  let started = 0;
  const { post } = await agent.deploy(
    { image, 'smoke-tests': 'smoke.yml' },
    {
      workspace,
      onMainStart: (child) => {
        if (started++ === 0) stop(child);
      },
      afterMain: () => rm(file),
    },
  );
  await rm(workspace, { recursive: true });
  expect(post.summary).toContain('`rolled-back`');
  expect(agent.snapshot()).toEqual(before);
});
