import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { Agent } from '../../../simulators/agent.ts';
import { CLOUD_RUN_SERVICE, openCloudRunAgent, seedImage } from '../../../simulators/cloud-run-agent.ts';

const fixture = (name: string) => join(import.meta.dirname, '../../fixtures', name);
const entries = { main: fixture('google/deploy.mjs'), post: fixture('entries/no-post.ts') };

let agent: Agent | null = null;

afterEach(async () => {
  await agent?.close();
  agent = null;
});

describe('an agent on Cloud Run', () => {
  it('serves v1, and v2 once it is deployed, without an error in between', async () => {
    agent = await openCloudRunAgent({ entries });
    expect(await agent.ask()).toMatchObject({ status: 200, body: 'v1' });
    const before = agent.snapshot();
    const visits = agent.watch();
    const image = seedImage(agent.world, 'v2');
    const { main } = await agent.deploy({ image });
    visits.stop();
    expect(main).toMatchObject({ exitCode: 0 });
    expect(await agent.ask()).toMatchObject({ status: 200, body: 'v2' });
    expect(visits.failed).toBe(0);
    expect(visits.asked).toBeGreaterThan(5);
    expect(agent.snapshot()).not.toEqual(before);
    expect(new Set(agent.world.google.served(CLOUD_RUN_SERVICE).map(({ by }) => by))).toEqual(new Set(['weight']));
    expect(agent.world.edge.unknownHosts.size).toBe(0);
  });

  it('stays as it was where the deployment fails, apart from what was asked for', async () => {
    agent = await openCloudRunAgent({ entries });
    const { main } = await agent.deploy({
      image: seedImage(agent.world, 'v2', { crash: { afterMs: 1, exitCode: 1, logs: [] } }),
    });
    expect(main.log).toContain('failed to start and listen on the port');
    expect(await agent.ask()).toMatchObject({ body: 'v1' });
  });

  it.each(['auth-action', 'direct', 'oidc'] as const)('has what its job needs to log in: %s', async (login) => {
    agent = await openCloudRunAgent({ entries: { ...entries, main: fixture('google/show-login.mjs') }, login });
    const { main } = await agent.deploy({});
    expect(JSON.parse(main.log)).toEqual({
      oidc: true,
      file: login !== 'oidc',
      provider: login === 'oidc' ? agent.world.google.workloadIdentityProvider : null,
      impersonates: login === 'auth-action',
    });
  });
});
