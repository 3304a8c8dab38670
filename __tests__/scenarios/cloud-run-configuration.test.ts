import { afterEach, describe, expect, test } from '@jest/globals';
import type { Agent } from '../../simulators/agent.ts';
import { CLOUD_RUN_SERVICE as SERVICE, seedImage } from '../../simulators/cloud-run-agent.ts';
import { type JsonObject, objectAt } from '../../simulators/json.ts';
import { withoutMasks } from '../../simulators/secret-places.ts';
import { closeAgents } from './agent.ts';
import { givenCloudRun } from './cloud-run-agent.ts';
import { trafficOf, updatesOf } from './watch-cloud-run.ts';

afterEach(closeAgents);

const bad = { answers: { '/health': { status: 500, body: 'no' } } };
const secretRef = (secret: string, version: string) => ({ valueSource: { secretKeyRef: { secret, version } } });
const containersOf = (agent: Agent): readonly JsonObject[] =>
  objectAt(agent.world.google.look(SERVICE).config, 'template')['containers'] as JsonObject[];

/** A service that has variables and secrets already, in two containers, of which the second takes no requests. */
async function givenConfigured(): Promise<Agent> {
  const agent = await givenCloudRun();
  const image = seedImage(agent.world, 'v1c');
  const env = [
    { name: 'LOG_LEVEL', value: 'DEBUG', futureEnvField: 'kept' },
    { name: 'API_KEY', value: 'plain-api-key' },
    { name: 'TOKEN', ...secretRef('token', '3') },
    { name: 'UNTOUCHED', value: 'untouched-value' },
  ];
  const containers = [
    { name: 'web', image, env, ports: [{ containerPort: 8080 }] },
    { name: 'sidecar', image, env: [{ name: 'LOG_LEVEL', value: 'WARN' }] },
  ];
  agent.world.google.foreignUpdate(SERVICE, { template: { containers } });
  await agent.world.clock.advance(60_000);
  return agent;
}

const inputs = {
  'environment-variables': 'LOG_LEVEL: INFO\nTOKEN: "not a secret any more"\nRATIO: 1.10\nEMPTY: ""',
  secrets: 'API_KEY: openai-api-key\nOTHER: projects/other-project/secrets/key/versions/7\nPINNED: pinned:2',
  'smoke-tests': '- GET /health: { retry-for: 5s }',
};

describe('environment variables and secrets', () => {
  test('are merged by name into the container that takes requests; a name may change from the one to the other', async () => {
    const agent = await givenConfigured();
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), ...inputs });
    expect(main.outputs).toMatchObject({ outcome: 'deployed' });
    const [web, sidecar] = containersOf(agent);
    expect(web!['env']).toEqual([
      { name: 'LOG_LEVEL', value: 'INFO' },
      { name: 'API_KEY', ...secretRef('openai-api-key', 'latest') },
      { name: 'TOKEN', value: 'not a secret any more' },
      { name: 'UNTOUCHED', value: 'untouched-value' },
      { name: 'RATIO', value: '1.10' },
      { name: 'EMPTY', value: '' },
      { name: 'OTHER', ...secretRef('projects/other-project/secrets/key', '7') },
      { name: 'PINNED', ...secretRef('pinned', '2') },
    ]);
    expect(sidecar!['env']).toEqual([{ name: 'LOG_LEVEL', value: 'WARN' }]);
    for (const line of [
      'container web: environment variable LOG_LEVEL changed',
      'container web: API_KEY becomes a secret',
      'container web: TOKEN becomes an environment variable',
      'container web: environment variable RATIO added',
      'container web: secret OTHER added',
    ]) {
      expect(main.log).toContain(line);
    }
    expect(withoutMasks(main.log) + main.summary).not.toMatch(
      /not a secret any more|plain-api-key|untouched-value|1\.10/,
    );
  });

  test('of a deploy that failed are all as before, unknown fields of an entry too', async () => {
    const agent = await givenConfigured();
    const before = agent.snapshot();
    const { main } = await agent.deploy({ image: agent.world.publish('v2', bad), ...inputs });
    expect(main.outputs).toMatchObject({ outcome: 'rolled-back' });
    expect(agent.snapshot()).toEqual(before);
    const { state } = main;
    expect(JSON.stringify(state)).not.toMatch(/plain-api-key|untouched-value|DEBUG/);
  });

  test('that the service may not read: the reason, the account, and what to grant', async () => {
    const agent = await givenCloudRun();
    agent.world.google.denySecret('openai-api-key');
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), secrets: 'API_KEY: openai-api-key' });
    expect(main.outputs).toMatchObject({ outcome: 'rolled-back' });
    expect(main.log).toMatch(
      /::error .*SECRETS_ACCESS_CHECK_FAILED: .*Permission denied on secret: .*Next step: Grant roles\/secretmanager\.secretAccessor/,
    );
  });

  test('an image that Cloud Run may not pull: the service agent is named, and what to grant', async () => {
    const agent = await givenCloudRun();
    agent.world.google.denyImages('europe-west1-docker.pkg.dev/');
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}) });
    expect(main.outputs).toMatchObject({ outcome: 'rolled-back' });
    expect(main.log).toMatch(/::error .*CONTAINER_PERMISSION_DENIED.*Next step: Grant roles\/artifactregistry\.reader/);
  });
});

describe('mode: plan', () => {
  test('says what a canary would do, by Google’s own dry run, and changes nothing', async () => {
    const agent = await givenConfigured();
    const before = agent.snapshot();
    const { main } = await agent.deploy({
      ...inputs,
      ...{ image: agent.world.publish('v2', {}), mode: 'plan', strategy: 'canary', steps: '5% for 5m' },
    });
    expect(main).toMatchObject({ exitCode: 0, outputs: { outcome: 'planned' } });
    for (const part of ['container web: image', 'API&#95;KEY becomes a secret', 'Shift traffic to it: 5%']) {
      expect(main.summary).toContain(part);
    }
    expect(agent.snapshot()).toEqual(before);
    expect(updatesOf(agent)).toEqual([]);
    expect(agent.world.google.wireLog.some(({ path }) => path.includes('validateOnly=true'))).toBe(true);
    expect(main.log + main.summary).not.toContain('plain-api-key');
  });

  test('is red for what Google would refuse, before anything is copied', async () => {
    const agent = await givenCloudRun();
    agent.world.google.deny('iam.serviceaccounts.actAs');
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), mode: 'plan' });
    expect(main).toMatchObject({ exitCode: 1, outputs: { outcome: 'refused' } });
    expect(main.log).toMatch(/roles\/iam\.serviceAccountUser/);
  });
});

describe('an image for another processor', () => {
  test('is refused: Cloud Run runs linux/amd64', async () => {
    const agent = await givenCloudRun();
    const image = agent.world.publish('v2', {}, { platform: 'linux/arm64' });
    const { main } = await agent.deploy({ image });
    expect(main.outputs).toMatchObject({ outcome: 'refused' });
    expect(main.log).toContain('linux/amd64');
    expect(trafficOf(agent)).toBe('v1 100');
  });
});

test('a minimum of instances, which are not there at 0%, is no failure', async () => {
  const agent = await givenCloudRun({ service: { template: { scaling: { minInstanceCount: 2 } } } });
  const { main } = await agent.deploy({
    ...{ image: agent.world.publish('v2', {}), strategy: 'canary', steps: '5% for 1m', 'smoke-tests': '- GET /health' },
  });
  expect(main.outputs).toMatchObject({ outcome: 'deployed' });
});

test('a service whose last change failed is deployed to, and a rollback restores what serves', async () => {
  const agent = await givenCloudRun();
  const crash = { crash: { afterMs: 500, exitCode: 3, logs: [] } };
  agent.world.google.foreignDeploy(SERVICE, seedImage(agent.world, 'v9', crash));
  await agent.world.clock.advance(60_000);
  const failed = await agent.deploy({
    image: agent.world.publish('v2', bad),
    'smoke-tests': '- GET /health: { retry-for: 5s }',
  });
  expect(failed.main.outputs).toMatchObject({ outcome: 'rolled-back' });
  expect(failed.main.log).toMatch(
    /agent-00002-\w+, the newest revision, is not ready; a rollback restores the template of agent-00001-\w+/,
  );
  expect(trafficOf(agent)).toBe('v1 100');
  const { main } = await agent.deploy({ image: agent.world.publish('v3', {}) });
  expect(main.outputs).toMatchObject({ outcome: 'deployed' });
  expect(trafficOf(agent)).toBe('v3 100');
});
