import { afterEach, describe, expect, test } from '@jest/globals';
import type { Agent } from '../../simulators/agent.ts';
import { closeAgents, givenAgent } from './agent.ts';

afterEach(closeAgents);

// What `echo STATE_reported=true >> "$GITHUB_ENV"` in an earlier step leaves for all later ones.
const planted = { STATE_reported: 'true', STATE_run: 'true' };
const closed = {
  ...{ version: 1, phase: 'closed', image: null, mark: 'arn:…:agent:42', failure: null, outcome: 'deployed' },
  point: { resource: 'service agent', revision: 'agent:41', data: {} },
  owner: 'true',
};

/** Kills main right after its change was accepted, and lets post run. */
async function killAfterUpdate(agent: Agent, env: Record<string, string>) {
  let killed = false;
  const image = agent.world.publish('v2', { readyAfterMs: 60_000 });
  const onMainStart = (child: { kill(signal: NodeJS.Signals): boolean }): void => {
    agent.world.edge.onCall(({ operation }, moment) => {
      if (killed || operation !== 'ecs:UpdateService' || moment !== 'after') return undefined;
      killed = true;
      child.kill('SIGKILL');
      return undefined;
    });
  };
  return await agent.deploy({ image }, { env, onMainStart });
}

describe('a variable that an earlier step set', () => {
  test('does not keep post from rolling back', async () => {
    const agent = await givenAgent();
    const before = agent.snapshot();
    const { post } = await killAfterUpdate(agent, planted);
    expect(post.log).toContain('rolled back');
    expect(post.exitCode).toBe(1);
    expect(agent.snapshot()).toEqual(before);
  });

  test('does not tell post that main has reported, where main was killed before it did anything', async () => {
    const agent = await givenAgent();
    const image = agent.world.publish('v2', {});
    const onMainStart = (child: { kill(signal: NodeJS.Signals): boolean }): void => void child.kill('SIGKILL');
    const { main, post } = await agent.deploy({ image }, { env: planted, onMainStart });
    expect(main).toMatchObject({ signal: 'SIGKILL', state: {} });
    expect(post.exitCode).toBe(1);
    expect(post.log).toContain('the main step was cancelled or killed before it was done');
  });

  test('is no journal: neither where main was killed early, nor where it refused', async () => {
    const agent = await givenAgent();
    const env = { ...planted, STATE_reported: 'false', STATE_journal: JSON.stringify(closed) };
    const image = agent.world.publish('v2', {});
    const onMainStart = (child: { kill(signal: NodeJS.Signals): boolean }): void => void child.kill('SIGKILL');
    const killed = await agent.deploy({ image }, { env, onMainStart });
    expect(killed.post.exitCode).toBe(1);
    expect(killed.post.log).toContain(
      'could not read the journal that the main step left: could not take it for that of this run',
    );
    const refused = await agent.deploy({ image, service: 'nothing' }, { env });
    expect(refused.main.outputs).toMatchObject({ outcome: 'refused' });
    expect(refused.post).toMatchObject({ exitCode: 0, log: '' });
  });
});
