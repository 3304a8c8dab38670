import { afterEach, describe, expect, test } from '@jest/globals';
import type { Agent } from '../../simulators/agent.ts';
import type { JsonObject } from '../../simulators/json.ts';
import type { ActionResult } from '../../simulators/runner.ts';
import { closeAgents } from './agent.ts';
import { givenApp, givenPinnedApp } from './container-apps-agent.ts';
import { refuse } from './refusal.ts';

afterEach(closeAgents);

const smokeTests = '- GET /health: { retry-for: 5s }';
const staging = { 'environment-variables': 'DATABASE_URL: postgres://staging' };
const failing = { answers: { '/health': { status: 500, body: 'no' } } };

function deploy(agent: Agent, tag: string, inputs: Record<string, string> = {}, behaviour = {}): Promise<ActionResult> {
  const image = agent.world.publish(tag, behaviour);
  return agent.deploy({ image, 'smoke-tests': smokeTests, ...inputs });
}

function templateOf(agent: Agent): JsonObject {
  const { document } = agent.world.azure.findApp('agent');
  return (document['properties'] as JsonObject)['template'] as JsonObject;
}

function variablesOf(agent: Agent): readonly string[] {
  const [container] = templateOf(agent)['containers'] as { readonly env?: { readonly name: string }[] }[];
  return (container!.env ?? []).map(({ name }) => name);
}

function trafficOf(agent: Agent): unknown {
  const { document } = agent.world.azure.findApp('agent');
  return (document as { properties: { configuration: { ingress: { traffic: unknown } } } }).properties.configuration
    .ingress.traffic;
}

function activeRevisions(agent: Agent): readonly string[] {
  return agent.world.azure.findApp('agent').revisions.flatMap(({ active, name }) => (active ? [name] : []));
}

/** `az containerapp update` by another user: a new revision of the app's image with this in its template. */
async function foreignTemplate(agent: Agent, { env = [], ...template }: JsonObject & { env?: JsonObject[] }) {
  const [container] = templateOf(agent)['containers'] as JsonObject[];
  const containers = [{ ...container, ...(env.length > 0 ? { env } : {}) }];
  agent.world.azure.foreignChange('agent', {
    properties: { template: { ...template, revisionSuffix: null, containers } },
  });
  await agent.world.clock.advance(180_000);
}

const foreign = { env: [{ name: 'DEBUG', value: 's3cr3t' }], scale: { maxReplicas: 2 } };

describe('after a preview of other configuration', () => {
  test('a deploy starts from what serves, retires the preview, and the traffic follows the latest again', async () => {
    const agent = await givenApp();
    const preview = await deploy(agent, 'v2', { traffic: '0', ...staging });
    expect(preview.main.outputs['outcome']).toBe('previewed');
    const { main } = await deploy(agent, 'v3');
    expect([main.outputs['outcome'], await agent.ask()]).toMatchObject(['deployed', { body: 'v3' }]);
    expect(variablesOf(agent)).toEqual([]);
    expect(trafficOf(agent)).toEqual([{ latestRevision: true, weight: 100 }]);
    expect(activeRevisions(agent)).toEqual([main.outputs['revision']]);
    expect(main.log).toMatch(/image acme\.azurecr\.io\/agent@\S+ -> /);
    expect(main.log).not.toContain('DATABASE_URL');
  });

  test('and of one more preview, the traffic follows the latest again too', async () => {
    const agent = await givenApp();
    await deploy(agent, 'v2', { traffic: '0', ...staging });
    const second = await deploy(agent, 'v3', { traffic: '0' });
    const { main } = await deploy(agent, 'v3');
    expect(main.outputs).toMatchObject({ outcome: 'deployed', revision: second.main.outputs['revision'] });
    expect(trafficOf(agent)).toEqual([{ latestRevision: true, weight: 100 }]);
    expect(activeRevisions(agent)).toEqual([main.outputs['revision']]);
  });

  test('and a deploy by another user, the traffic follows the latest again too, and the preview is retired', async () => {
    const agent = await givenApp();
    const preview = await deploy(agent, 'v2', { traffic: '0' });
    agent.world.azure.foreignDeploy('agent', agent.world.publish('v9', {}));
    await agent.world.clock.advance(60_000);
    const other = agent.world.azure.findApp('agent').revisions.at(-1)!.name;
    const { main } = await deploy(agent, 'v3', { base: 'serving' });
    expect([main.outputs['outcome'], await agent.ask()]).toMatchObject(['deployed', { body: 'v3' }]);
    expect(trafficOf(agent)).toEqual([{ latestRevision: true, weight: 100 }]);
    expect(activeRevisions(agent)).toEqual([other, main.outputs['revision']]);
    expect(main.log).toContain(`deactivated ${preview.main.outputs['revision']}`);
  });

  test('a deploy of the same image without that configuration is a revision of its own', async () => {
    const agent = await givenApp();
    const preview = await deploy(agent, 'v2', { traffic: '0', ...staging });
    const { main } = await deploy(agent, 'v2', { strategy: 'canary', steps: '50% for 30s' });
    expect(main.outputs['outcome']).toBe('deployed');
    expect(main.outputs['revision']).not.toBe(preview.main.outputs['revision']);
    expect(variablesOf(agent)).toEqual([]);
  });

  test('a deploy of the same image with that configuration continues with the preview', async () => {
    const agent = await givenApp();
    const preview = await deploy(agent, 'v2', { traffic: '0', ...staging });
    const { main } = await deploy(agent, 'v2', staging);
    expect(main.outputs).toMatchObject({ outcome: 'deployed', revision: preview.main.outputs['revision'] });
    expect(variablesOf(agent)).toEqual(['DATABASE_URL']);
  });

  test('the plan compares with what serves', async () => {
    const agent = await givenApp();
    await deploy(agent, 'v2', { traffic: '0', ...staging });
    const { main } = await deploy(agent, 'v1b', { mode: 'plan', 'environment-variables': 'DATABASE_URL: x' });
    expect(main.log).toContain('container agent: environment variable DATABASE_URL added');
    expect(main.log).not.toContain('DATABASE_URL changed');
  });

  test('base: latest takes the configuration of the preview', async () => {
    const agent = await givenApp();
    await deploy(agent, 'v2', { traffic: '0', ...staging });
    const { main } = await deploy(agent, 'v3', { base: 'latest' });
    expect(main.outputs['outcome']).toBe('deployed');
    expect(main.log).toContain('environment variable DATABASE_URL added');
    expect(variablesOf(agent)).toEqual(['DATABASE_URL']);
  });

  test('a deploy that fails leaves the app as before, and the next one starts from what serves too', async () => {
    const agent = await givenApp();
    await deploy(agent, 'v2', { traffic: '0', ...staging });
    const before = agent.snapshot();
    const failed = await deploy(agent, 'v3', { strategy: 'canary' }, failing);
    expect(failed.main.outputs['outcome']).toBe('rolled-back');
    expect(agent.snapshot()).toEqual(before);
    const { main } = await deploy(agent, 'v4');
    expect(main.outputs['outcome']).toBe('deployed');
    expect(variablesOf(agent)).toEqual([]);
    expect(trafficOf(agent)).toEqual([{ latestRevision: true, weight: 100 }]);
  });

  test('several previews are retired by one deploy; one with a label, or of another user, stays', async () => {
    const agent = await givenPinnedApp();
    agent.world.azure.foreignDeploy('agent', agent.world.publish('v1b', { version: 'v1' }));
    await agent.world.clock.advance(60_000);
    const other = agent.world.azure.findApp('agent').revisions.at(-1)!.name;
    const labelled = await deploy(agent, 'v2', { traffic: '0' });
    const { revision } = labelled.main.outputs;
    agent.world.azure.foreignTraffic('agent', [
      { revisionName: 'agent--one', weight: 100 },
      { revisionName: revision!, weight: 0, label: 'next' },
    ]);
    await agent.world.clock.advance(30_000);
    await deploy(agent, 'v3', { traffic: '0', ...staging });
    await deploy(agent, 'v4', { traffic: '0' });
    const { main } = await deploy(agent, 'v5');
    expect(main.outputs['outcome']).toBe('deployed');
    expect(activeRevisions(agent)).toEqual([other, revision, main.outputs['revision']]);
    expect(main.log).toMatch(/deactivated agent--d\w+, an earlier revision of this action without traffic/);
  });
});

describe('a newest revision of another user, without traffic,', () => {
  test.each([[{}], [{ mode: 'plan' }], [{ strategy: 'canary' }]])(
    'that differs in more than its images is refused, with the names and without a value: %j',
    async (inputs) => {
      const agent = await givenPinnedApp();
      await foreignTemplate(agent, foreign);
      const image = agent.world.publish('v2', {});
      const { failure, main } = await refuse(agent, { image, 'smoke-tests': smokeTests, ...inputs });
      expect(failure).toMatchObject({
        code: 'UNSUPPORTED',
        message: expect.stringMatching(
          /revision agent--\w+ is the newest but agent--one serves, .*: container agent: environment variable DEBUG added, scale changed$/,
        ),
        hint: expect.stringMatching(/`base: serving`.*`base: latest`/),
      });
      expect(main.log).not.toContain('s3cr3t');
    },
  );

  test('that differs only in its image is the base as before', async () => {
    const agent = await givenPinnedApp();
    agent.world.azure.foreignDeploy('agent', agent.world.publish('v1b', { version: 'v1b' }));
    await agent.world.clock.advance(60_000);
    const { main } = await deploy(agent, 'v2');
    expect(main.outputs['outcome']).toBe('deployed');
  });

  test.each([
    ['serving', [], 10],
    ['latest', ['DEBUG'], 2],
  ])('with base: %s the change is merged into that', async (base, variables, maxReplicas) => {
    const agent = await givenPinnedApp();
    await foreignTemplate(agent, foreign);
    const { main } = await deploy(agent, 'v2', { base });
    expect(main.outputs['outcome']).toBe('deployed');
    expect(variablesOf(agent)).toEqual(variables);
    expect(templateOf(agent)['scale']).toMatchObject({ maxReplicas });
    expect(main.log.includes('scale changed')).toBe(base === 'latest');
  });

  test.each(['serving', 'latest'])('with base: %s a rollback leaves the app as before', async (base) => {
    const agent = await givenPinnedApp();
    await foreignTemplate(agent, { ...foreign, terminationGracePeriodSeconds: 45 });
    const before = agent.snapshot();
    const { main } = await deploy(agent, 'v2', { base, strategy: 'canary' }, failing);
    expect(main.outputs['outcome']).toBe('rolled-back');
    expect(agent.snapshot()).toEqual(before);
  });
});

describe('in Single mode, a newest revision that never became ready', () => {
  async function givenBroken(agent: Agent): Promise<void> {
    const crashing = agent.world.publish('bad', { crash: { afterMs: 500, exitCode: 1, logs: [] } });
    const [container] = templateOf(agent)['containers'] as JsonObject[];
    const containers = [{ ...container, image: crashing, env: foreign.env }];
    agent.world.azure.foreignChange('agent', {
      properties: { template: { revisionSuffix: null, scale: foreign.scale, containers } },
    });
    await agent.world.clock.advance(180_000);
  }

  test('is refused where it differs in more than its image', async () => {
    const agent = await givenApp({ app: { mode: 'Single' } });
    await givenBroken(agent);
    const image = agent.world.publish('v2', {});
    const { failure } = await refuse(agent, { image, 'smoke-tests': smokeTests, 'on-stuck': 'replace' });
    expect(failure.message).toMatch(/environment variable DEBUG added, scale changed/);
  });

  test('is told as a rollout that can not end, with the reason and the input, before the platform gives up', async () => {
    const agent = await givenApp({ app: { mode: 'Single' } });
    await givenBroken(agent);
    const at = agent.world.clock.now();
    const { failure } = await refuse(agent, { image: agent.world.publish('v2', {}), 'smoke-tests': smokeTests });
    expect(failure.message).toMatch(
      /can't end by itself: agent--\w+ does not start: container agent: .*CrashLoopBackOff/,
    );
    expect(failure.hint).toContain('`on-stuck: replace`');
    expect(agent.world.clock.now() - at).toBeLessThan(10_000);
  });

  test('of ours is not the base', async () => {
    const agent = await givenApp({ app: { mode: 'Single' } });
    const kept = await deploy(
      agent,
      'v2',
      { 'on-failure': 'keep', ...staging },
      { crash: { afterMs: 500, exitCode: 1, logs: [] } },
    );
    expect(kept.main.outputs['outcome']).toBe('kept');
    const { main } = await deploy(agent, 'v3');
    expect(main.outputs['outcome']).toBe('deployed');
    expect(variablesOf(agent)).toEqual([]);
  });

  test.each([
    [{}, 'deployed'],
    [failing, 'rolled-back'],
  ] as const)(
    'with base: serving, what serves in the end has the configuration that served: %j',
    async (behaviour, outcome) => {
      const agent = await givenApp({ app: { mode: 'Single' } });
      await givenBroken(agent);
      const { main } = await deploy(agent, 'v2', { base: 'serving', 'on-stuck': 'replace' }, behaviour);
      expect(main.outputs['outcome']).toBe(outcome);
      expect(variablesOf(agent)).toEqual([]);
      expect(templateOf(agent)['scale']).toMatchObject({ maxReplicas: 10 });
      expect(await agent.ask()).toMatchObject({ body: outcome === 'deployed' ? 'v2' : 'v1' });
    },
  );
});

describe('a template that Azure made no revision of', () => {
  test('of another user is refused, also where the revision before it serves', async () => {
    const agent = await givenApp();
    const [container] = templateOf(agent)['containers'] as JsonObject[];
    const containers = [{ ...container, image: 'acme.azurecr.io/agent:none', env: foreign.env }];
    agent.world.azure.foreignChange('agent', { properties: { template: { revisionSuffix: null, containers } } });
    await agent.world.clock.advance(30_000);
    const image = agent.world.publish('v2', {});
    const { failure } = await refuse(agent, { image, 'smoke-tests': smokeTests });
    expect(failure.message).toMatch(
      /a template that Azure made no revision of is the newest .*: container agent: environment variable DEBUG added$/,
    );
  });
});

describe('a newest revision that is still starting', () => {
  async function givenStarting(readyAfterMs: number): Promise<Agent> {
    const agent = await givenApp({ app: { mode: 'Single' } });
    const slow = agent.world.publish('v1b', { version: 'v1b', readyAfterMs });
    const [container] = templateOf(agent)['containers'] as JsonObject[];
    const containers = [{ ...container, image: slow, env: foreign.env }];
    agent.world.azure.foreignChange('agent', { properties: { template: { revisionSuffix: null, containers } } });
    await agent.world.clock.advance(8_000);
    return agent;
  }

  test('is waited for, and is the base then', async () => {
    const agent = await givenStarting(40_000);
    const { main } = await deploy(agent, 'v2');
    expect(main.outputs['outcome']).toBe('deployed');
    expect(variablesOf(agent)).toEqual(['DEBUG']);
  });

  test('is refused when it is not up after two minutes', async () => {
    const agent = await givenStarting(10_000_000);
    const { main } = await deploy(agent, 'v2');
    expect(main.outputs['outcome']).toBe('refused');
    expect(main.log).toMatch(/DEBUG added.*Next step: Choose what the change is merged into/);
  });
});

describe('where traffic is split', () => {
  async function givenSplit(first: number): Promise<{ agent: Agent; other: string }> {
    const agent = await givenPinnedApp();
    await foreignTemplate(agent, foreign);
    const other = agent.world.azure.findApp('agent').revisions.at(-1)!.name;
    agent.world.azure.foreignTraffic('agent', [
      { revisionName: 'agent--one', weight: first },
      { revisionName: other, weight: 100 - first },
    ]);
    await agent.world.clock.advance(30_000);
    return { agent, other };
  }

  test('the revision with the largest share is what serves', async () => {
    const { agent } = await givenSplit(30);
    const { main } = await deploy(agent, 'v2');
    expect(main.outputs['outcome']).toBe('deployed');
    expect(variablesOf(agent)).toEqual(['DEBUG']);
  });

  test.each([{}, { base: 'serving' }])('a tie of different configurations is refused: %j', async (inputs) => {
    const { agent } = await givenSplit(50);
    const image = agent.world.publish('v2', {});
    const { failure } = await refuse(agent, { image, 'smoke-tests': smokeTests, ...inputs });
    expect(failure.message).toMatch(/the same share.*environment variable DEBUG removed/);
    expect(failure.hint).toContain('`base: latest`');
  });
});
