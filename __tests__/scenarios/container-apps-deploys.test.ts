import { afterEach, describe, expect, test } from '@jest/globals';
import type { Agent } from '../../simulators/agent.ts';
import type { AppOptions } from '../../simulators/azure/add-app.ts';
import type { ActionResult } from '../../simulators/runner.ts';
import { closeAgents } from './agent.ts';
import { givenApp, givenPinnedApp } from './container-apps-agent.ts';

afterEach(closeAgents);

const smokeTests = '- GET /health: { retry-for: 5s }';
function deploy(agent: Agent, behaviour: object, inputs: Record<string, string> = {}): Promise<ActionResult> {
  const image = agent.world.publish('v2', behaviour);
  return agent.deploy({ image, 'smoke-tests': smokeTests, ...inputs });
}

function changesTo(agent: Agent): readonly string[] {
  const changes = agent.world.edge.calls.filter(({ mutates, operation }) => mutates && operation.startsWith('arm:'));
  return changes.map(({ operation }) => operation.replace(/^arm:ContainerApps(Revisions)?_/, ''));
}

function activeRevisions(agent: Agent): readonly string[] {
  return agent.world.azure.findApp('agent').revisions.flatMap(({ active, name }) => (active ? [name] : []));
}

function trafficOf(agent: Agent): unknown {
  const { document } = agent.world.azure.findApp('agent');
  return (document as { properties: { configuration: { ingress: { traffic: unknown } } } }).properties.configuration
    .ingress.traffic;
}

describe('a good deploy', () => {
  test.each<[string, Partial<AppOptions>, Record<string, string>]>([
    ['rolling in Single mode', { mode: 'Single' }, {}],
    ['rolling in Multiple mode', {}, {}],
    ['canary', {}, { strategy: 'canary', steps: '5% for 1m' }],
    ['blue-green', {}, { strategy: 'blue-green' }],
  ])('%s goes live without a failed request, and only it runs then', async (_title, app, inputs) => {
    const agent = await givenApp({ app });
    const visits = agent.watch();
    const { main, post } = await deploy(agent, {}, inputs);
    expect([main.outputs['outcome'], main.exitCode, post.exitCode]).toEqual(['deployed', 0, 0]);
    expect(await agent.ask()).toMatchObject({ status: 200, body: 'v2' });
    await agent.world.clock.advance(60_000);
    expect(activeRevisions(agent)).toEqual([main.outputs['revision']]);
    expect(trafficOf(agent)).toEqual([{ latestRevision: true, weight: 100 }]);
    expect({ asked: visits.asked > 10, failed: visits.failed }).toEqual({ asked: true, failed: 0 });
  });

  test.each([
    ['rolling', {}],
    ['canary', { strategy: 'canary', steps: '20% for 1m' }],
  ])('%s goes on naming revisions where traffic did, and leaves labels where they are', async (_title, inputs) => {
    const agent = await givenPinnedApp('stable');
    const { main } = await deploy(agent, {}, inputs);
    const { revision } = main.outputs;
    expect(main.outputs['outcome']).toBe('deployed');
    expect(trafficOf(agent)).toEqual([
      { revisionName: 'agent--one', weight: 0, label: 'stable' },
      { revisionName: revision, weight: 100 },
    ]);
    expect(activeRevisions(agent)).toEqual(['agent--one', revision]);
    expect(main.log).toContain('agent--one stays active: a label points to it');
  });

  test('keeps the previous revision running where that is configured', async () => {
    const agent = await givenApp();
    await deploy(agent, {}, { 'keep-previous': 'active' });
    expect(activeRevisions(agent)).toHaveLength(2);
  });

  test('that may not deactivate the previous revision is deployed, with a warning that has the command', async () => {
    const agent = await givenApp();
    agent.world.azure.deny('Microsoft.App/containerApps/revisions/deactivate/action');
    const { main } = await deploy(agent, {});
    expect(main.outputs['outcome']).toBe('deployed');
    expect(main.log).toMatch(
      /^::warning::could not deactivate revision.*az containerapp revision deactivate --name agent/m,
    );
  });

  test('of an app without ingress deactivates the previous revision', async () => {
    const agent = await givenApp({ app: { ingress: null } });
    const { main } = await deploy(agent, {}, { 'smoke-tests': '' });
    expect(main.outputs['outcome']).toBe('deployed');
    expect(activeRevisions(agent)).toEqual([main.outputs['revision']]);
  });

  test('of an app that scales to zero is woken before anything is said of it', async () => {
    const agent = await givenApp({ app: { minReplicas: 0, staging: { startsAtZero: true } } });
    const { main } = await deploy(agent, {}, { strategy: 'canary', steps: '50% for 30s' });
    expect(main.log).toMatch(/is up \(provisioned, scaledtozero/);
    expect(main.log).toMatch(/^agent--\w+ has scaled to zero, and no replica of it was seen; waking it/m);
    expect(main.outputs['outcome']).toBe('deployed');
    expect(await agent.ask()).toMatchObject({ status: 200, body: 'v2' });
  });

  test('a second time sends nothing', async () => {
    const agent = await givenApp();
    await deploy(agent, {});
    const before = changesTo(agent).length;
    const { main } = await deploy(agent, {});
    expect(main.outputs['outcome']).toBe('unchanged');
    expect(changesTo(agent)).toHaveLength(before);
  });

  test('with force makes a new revision of the same image', async () => {
    const agent = await givenApp();
    const first = await deploy(agent, {});
    const second = await deploy(agent, {}, { force: 'true' });
    expect(second.main.outputs).toMatchObject({ outcome: 'deployed' });
    expect(second.main.outputs['revision']).not.toBe(first.main.outputs['revision']);
  });
});

describe('a preview (traffic: 0)', () => {
  test('gets no traffic, and a later canary of the same image continues with it', async () => {
    const agent = await givenApp();
    const preview = await deploy(agent, {}, { traffic: '0' });
    expect(preview.main.outputs).toMatchObject({ outcome: 'previewed' });
    expect(await agent.ask()).toMatchObject({ body: 'v1' });
    const answer = await agent.world.edge.get(preview.main.outputs['preview-url'] ?? '');
    expect(answer).toMatchObject({ status: 200, body: 'v2' });
    const later = await deploy(agent, {}, { strategy: 'canary', steps: '10% for 30s' });
    expect(later.main.outputs).toMatchObject({ outcome: 'deployed', revision: preview.main.outputs['revision'] });
    expect(later.main.log).toContain('already has this image and configuration, and no traffic yet');
    expect(await agent.ask()).toMatchObject({ body: 'v2' });
    // The form that it had before the preview.
    expect(trafficOf(agent)).toEqual([{ latestRevision: true, weight: 100 }]);
  });

  test('that a later rolling deploy continues with gets all the traffic', async () => {
    const agent = await givenApp();
    const preview = await deploy(agent, {}, { traffic: '0' });
    const later = await deploy(agent, {});
    expect(later.main.outputs).toMatchObject({ outcome: 'deployed', revision: preview.main.outputs['revision'] });
    expect(await agent.ask()).toMatchObject({ body: 'v2' });
  });

  test('is there again, without traffic, when a later canary of it fails', async () => {
    const agent = await givenApp();
    const image = agent.world.publish('v2', { unhealthyAfterMs: 90_000, answers: {} });
    await agent.deploy({ image, 'smoke-tests': smokeTests, traffic: '0' });
    const before = agent.snapshot();
    const steps = { strategy: 'canary', steps: '10% for 5m' };
    const { main } = await agent.deploy({ image, 'smoke-tests': smokeTests, ...steps });
    expect(main.outputs['outcome']).toBe('rolled-back');
    expect({ ...agent.snapshot(), activeRevisions: null }).toEqual({ ...before, activeRevisions: null });
    expect(await agent.ask()).toMatchObject({ body: 'v1' });
  });
});
