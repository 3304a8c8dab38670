import { afterEach, describe, expect, test } from '@jest/globals';
import { closeAgents } from './agent.ts';
import { givenCloudRun } from './cloud-run-agent.ts';
import { givenApp } from './container-apps-agent.ts';

afterEach(closeAgents);

const canary = { strategy: 'canary', steps: '50% for 30s', 'smoke-tests': '- GET /health: { retry-for: 5s }' };

describe('a preview at an address of the user’s own', () => {
  // Google's own form stands for a load balancer that passes the tag on.
  test('Cloud Run: is tested there, although the default one is not asked for', async () => {
    const agent = await givenCloudRun();
    const { host } = new URL(agent.url);
    const previewUrl = `https://{tag}---${host}`;
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), ...canary, 'preview-url': previewUrl });
    expect(main.outputs['outcome']).toBe('deployed');
    expect(main.outputs['preview-url']).toMatch(/^https:\/\/[a-z0-9-]+---agent-/);
    expect(agent.world.google.served('agent').some(({ by, path }) => by === 'tag' && path === '/health')).toBe(true);
  });

  test('Cloud Run: behind an internal load balancer it is not refused, and a test there counts', async () => {
    const agent = await givenCloudRun({ service: { extras: { ingress: 'INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER' } } });
    const previewUrl = `https://{tag}---${new URL(agent.url).host}`;
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), ...canary, 'preview-url': previewUrl });
    // No load balancer is simulated, so nothing answers there.
    expect(main.outputs['outcome']).not.toBe('refused');
    expect(main.log).toMatch(/smoke tests failed on agent-\d{5}-\w{3}: "GET \/health"/);
  });

  test('Container Apps: has the suffix of the revision in it', async () => {
    const agent = await givenApp();
    const [app = '', ...domain] = new URL(agent.url).host.split('.');
    const previewUrl = `https://${app}--{tag}.${domain.join('.')}`;
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), ...canary, 'preview-url': previewUrl });
    expect(main.outputs['outcome']).toBe('deployed');
    expect(main.outputs['preview-url']).toBe(previewUrl.replace('agent--{tag}', main.outputs['revision']!));
  });

  test('a runner of the user’s own may be inside the network, so nothing is refused', async () => {
    const agent = await givenApp({ app: { internalEnvironment: true } });
    // The roles of the guide are on another environment, and what can't be read refuses nothing.
    agent.world.azure.enforce(null);
    const env = { RUNNER_ENVIRONMENT: 'self-hosted' };
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), mode: 'plan', ...canary }, { env });
    expect(main.outputs['outcome']).toBe('planned');
  });
});

describe('fields of another build under our image', () => {
  const build = {
    baseImageUri: 'europe-west1-docker.pkg.dev/serverless-runtimes/google-22/runtimes/nodejs22',
    buildInfo: { functionTarget: 'hello', sourceLocation: 'gs://acme/source.zip' },
  };
  test.each(['plan', 'deploy'])('are cleared, and listed (%s)', async (mode) => {
    const agent = await givenCloudRun();
    const [container] = containersOf(agent);
    agent.world.google.foreignUpdate('agent', { template: { containers: [{ ...container, ...build }] } });
    await agent.world.clock.advance(60_000);
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), mode });
    expect(main.log).toMatch(/^(?:Would change: )?container main: baseImageUri changed/m);
    expect(main.log).toMatch(/^(?:Would change: )?container main: buildInfo changed/m);
    const now = containersOf(agent)[0]!;
    expect('baseImageUri' in now || 'buildInfo' in now).toBe(mode === 'plan');
  });

  test('come back with a rollback', async () => {
    const agent = await givenCloudRun();
    const [container] = containersOf(agent);
    agent.world.google.foreignUpdate('agent', { template: { containers: [{ ...container, ...build }] } });
    await agent.world.clock.advance(60_000);
    const before = agent.snapshot();
    const image = agent.world.publish('v2', { answers: { '/health': { status: 500, body: 'no' } } });
    const { main } = await agent.deploy({ image, 'smoke-tests': '- GET /health: { retry-for: 5s }' });
    expect(main.outputs['outcome']).toBe('rolled-back');
    expect(agent.snapshot()).toEqual(before);
  });
});

function containersOf({ world }: Awaited<ReturnType<typeof givenCloudRun>>) {
  const { template } = world.google.look('agent').config as { template: { containers: Record<string, unknown>[] } };
  return template.containers;
}
