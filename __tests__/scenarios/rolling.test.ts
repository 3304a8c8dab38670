import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { Agent } from '../../simulators/agent.ts';
import type { JsonObject } from '../../simulators/json.ts';
import { ECR_HOST } from '../../simulators/world.ts';
import { closeAgents, givenAgent } from './agent.ts';

afterEach(closeAgents);

const predict = (status: number, body: string) => ({ answers: { '/predict': { status, body } } });
const smokeTests = `
- GET /health
- POST /predict: { json-body: { text: hello }, json: { label: greeting }, retry-for: 5s }`;
const greeting = predict(200, '{"label":"greeting"}');

describe('a good deploy', () => {
  test('is live, smoke-tested and reported, and no request failed meanwhile', async () => {
    const agent = await givenAgent();
    const visits = agent.watch();
    const image = agent.world.publish('v2', greeting);
    const { main, post } = await agent.deploy({ image, 'smoke-tests': smokeTests });

    expect(main.exitCode).toBe(0);
    expect(await agent.ask()).toMatchObject({ status: 200, body: 'v2' });
    expect(visits.asked).toBeGreaterThan(50);
    expect(visits.failed).toBe(0);
    const digest = main.outputs['digest'];
    expect(main.outputs).toMatchObject({
      outcome: 'deployed',
      image: `${ECR_HOST}/agent@${digest}`,
      digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
      revision: 'agent:2',
      'previous-revision': 'agent:1',
      url: 'https://agent.acme.dev',
      'console-url': expect.stringContaining('/clusters/production/services/agent'),
      report: expect.stringContaining('report.json'),
    });
    for (const part of [
      '✅ Deployed',
      `${ECR_HOST}/agent@${digest}`,
      '| Revision | `agent:1` | `agent:2` |',
      '`POST /predict`',
    ]) {
      expect(main.summary).toContain(part);
    }
    expect(main.log).not.toContain('::error');
    expect(post).toMatchObject({ exitCode: 0, summary: '' });
  });

  test('sends the live definition with another image and nothing else, unknown fields and tags included', async () => {
    const planted = {
      containers: [
        { name: 'web', image: `${ECR_HOST}/agent:v1`, essential: true, futureContainerField: { deep: [1, 'two'] } },
        { name: 'sidecar', image: `${ECR_HOST}/agent:v1`, essential: false },
      ],
      taskDefinitionExtras: { futureTaskField: 'kept' },
      taskDefinitionTags: [{ key: 'team', value: 'agents' }],
    };
    const agent = await givenAgent({ service: planted });
    const before = agent.snapshot();
    const image = agent.world.publish('v2', predict(500, 'no'));
    const inputs = { image, container: 'web', 'smoke-tests': smokeTests };
    const { main } = await agent.deploy(inputs);

    expect(main.outputs).toMatchObject({ outcome: 'rolled-back' });
    const [registered] = bodiesOf(agent, 'ecs:RegisterTaskDefinition');
    const { digest } = main.outputs;
    expect(registered).toMatchObject({
      futureTaskField: 'kept',
      tags: planted.taskDefinitionTags,
      containerDefinitions: [
        { name: 'web', image: `${ECR_HOST}/agent@${digest}`, futureContainerField: { deep: [1, 'two'] } },
        { name: 'sidecar', image: `${ECR_HOST}/agent:v1` },
      ],
    });
    for (const name of ['taskDefinitionArn', 'revision', 'status', 'registeredAt', 'registeredBy', 'compatibilities']) {
      expect(registered).not.toHaveProperty(name);
    }
    const [updated] = bodiesOf(agent, 'ecs:UpdateService');
    expect(Object.keys(updated!).sort()).toEqual(['cluster', 'service', 'taskDefinition']);
    expect(agent.snapshot()).toEqual(before);
  });

  test('merges environment variables and secret references by name', async () => {
    const containers = [
      {
        name: 'web',
        image: `${ECR_HOST}/agent:v1`,
        essential: true,
        environment: [
          { name: 'KEPT', value: 'as it was' },
          { name: 'LOG_LEVEL', value: 'DEBUG' },
        ],
        secrets: [{ name: 'OLD_KEY', valueFrom: 'old-key' }],
      },
    ];
    const agent = await givenAgent({ service: { containers } });
    const { main } = await agent.deploy({
      image: agent.world.publish('v2', {}),
      'environment-variables': 'LOG_LEVEL: INFO\nNEW: 1.10',
      secrets: 'OPENAI_API_KEY: openai-api-key',
    });
    expect(main.outputs).toMatchObject({ outcome: 'deployed' });
    expect(bodiesOf(agent, 'ecs:RegisterTaskDefinition')[0]).toMatchObject({
      containerDefinitions: [
        {
          environment: [
            { name: 'KEPT', value: 'as it was' },
            { name: 'LOG_LEVEL', value: 'INFO' },
            { name: 'NEW', value: '1.10' },
          ],
          secrets: [
            { name: 'OLD_KEY', valueFrom: 'old-key' },
            { name: 'OPENAI_API_KEY', valueFrom: 'openai-api-key' },
          ],
        },
      ],
    });
    expect(main.log).toContain('LOG_LEVEL');
    expect(main.log + main.summary).not.toContain('1.10');
  });

  test('says that no smoke tests ran where none are configured', async () => {
    const agent = await givenAgent();
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}) });
    expect(main.outputs).toMatchObject({ outcome: 'deployed' });
    expect(main.log.match(/::warning.*No smoke tests are configured/g)).toHaveLength(1);
    expect(main.summary).toContain('No smoke tests ran.');
  });

  test('runs a smoke test that is a command with the address, the revision and the image', async () => {
    const agent = await givenAgent();
    const run =
      '- run: test "$(curl -sf "$DEPLOY_URL/")" = v2 && echo "$DEPLOY_REVISION $DEPLOY_IMAGE" && env | grep -c ^INPUT_ || true';
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), 'smoke-tests': run });
    expect(main.outputs).toMatchObject({ outcome: 'deployed' });
    expect(main.log).toContain(`| agent:2 ${main.outputs['image']}\n  | 0\n`);
  });

  test('leaves a JSON report with all of it', async () => {
    const agent = await givenAgent();
    const directory = await mkdtemp(path.join(os.tmpdir(), 'scenario-'));
    const image = agent.world.publish('v2', greeting);
    const { main } = await agent.deploy({ image, 'smoke-tests': smokeTests }, { directory });
    const evidence = JSON.parse(readFileSync(main.outputs['report']!, 'utf8')) as JsonObject;
    await rm(directory, { recursive: true });
    expect(evidence).toMatchObject({
      schema: 2,
      outcome: 'deployed',
      revision: 'agent:2',
      previousRevision: 'agent:1',
      copies: [{ copiedBlobs: 3 }],
      smokeTests: [{ passed: true }, { passed: true }],
      phases: expect.arrayContaining([expect.objectContaining({ name: 'Roll out' })]),
    });
    expect(main.outputs['history']).not.toContain('\n');
    expect(JSON.parse(main.outputs['history']!)).toEqual(evidence['history']);
    expect(evidence['history']).toMatchObject({ outcome: 'deployed', isDeployment: true });
  });
});

describe('an image that is live already', () => {
  test('is unchanged, and smoke-tested all the same; force rolls it again', async () => {
    const agent = await givenAgent();
    const image = agent.world.publish('v2', greeting);
    await agent.deploy({ image });
    const again = await agent.deploy({ image, 'smoke-tests': smokeTests });
    expect(again.main).toMatchObject({ exitCode: 0, outputs: { outcome: 'unchanged', revision: 'agent:2' } });
    expect(again.main.log).toContain('✓ POST /predict');
    expect(bodiesOf(agent, 'ecs:UpdateService')).toHaveLength(1);
    const forced = await agent.deploy({ image, force: 'true' });
    expect(forced.main.outputs).toMatchObject({ outcome: 'deployed', revision: 'agent:3' });
  });

  test('whose smoke test fails is red, and nothing was touched', async () => {
    const agent = await givenAgent();
    const image = agent.world.publish('v2', predict(500, 'no'));
    await agent.deploy({ image });
    const before = agent.snapshot();
    const again = await agent.deploy({ image, 'smoke-tests': smokeTests });
    expect(again.main).toMatchObject({ exitCode: 1, outputs: { outcome: 'refused' } });
    expect(agent.snapshot()).toEqual(before);
  });
});

describe('a failure', () => {
  test('of a smoke test is rolled back, with the reason in the one annotation', async () => {
    const agent = await givenAgent();
    const before = agent.snapshot();
    const image = agent.world.publish('v2', predict(500, 'model not found'));
    const { main } = await agent.deploy({ image, 'smoke-tests': smokeTests });
    expect(main).toMatchObject({ exitCode: 1, outputs: { outcome: 'rolled-back', revision: 'agent:1' } });
    expect(agent.snapshot()).toEqual(before);
    const annotations = main.log.split('\n').filter((line) => line.startsWith('::error'));
    expect(annotations).toHaveLength(1);
    expect(annotations[0]).toContain('smoke tests failed on agent:2: "POST /predict"');
    expect(annotations[0]).toContain('got 500: "model not found"');
  });

  test('by a crash loop is red in seconds, with the last words, and no request failed meanwhile', async () => {
    const agent = await givenAgent();
    const before = agent.snapshot();
    const visits = agent.watch();
    const begun = agent.world.clock.now();
    const crash = { afterMs: 1_000, exitCode: 3, logs: ["KeyError: 'OPENAI_API_KEY'"] };
    const image = agent.world.publish('v2', { crash });
    const { main } = await agent.deploy({ image, 'smoke-tests': smokeTests });
    expect(main).toMatchObject({ exitCode: 1, outputs: { outcome: 'rolled-back' } });
    expect(agent.world.clock.now() - begun).toBeLessThan(60_000);
    for (const part of ["KeyError: 'OPENAI_API_KEY'", 'EssentialContainerExited', 'exit code 3']) {
      expect(main.log).toContain(part);
      expect(main.summary).toContain(part);
    }
    expect(agent.snapshot()).toEqual(before);
    expect(visits.asked).toBeGreaterThan(10);
    expect(visits.failed).toBe(0);
  });

  test('is kept on request, with the command to go back', async () => {
    const agent = await givenAgent();
    const image = agent.world.publish('v2', predict(500, 'no'));
    const { main } = await agent.deploy({ image, 'smoke-tests': smokeTests, 'on-failure': 'keep' });
    expect(main).toMatchObject({ exitCode: 1, outputs: { outcome: 'kept', revision: 'agent:2' } });
    expect(main.summary).toContain('aws ecs update-service');
    expect(await agent.ask()).toMatchObject({ body: 'v2' });
  });
});

describe('a lost response', () => {
  /** Each of these attempts takes effect, and none is answered. */
  async function loseEach(agent: Agent, operation: string, times: number) {
    let lost = 0;
    const stop = agent.world.edge.onCall((call, when) => {
      if (call.operation !== operation || when !== 'after' || lost === times) return undefined;
      lost++;
      return 'drop';
    });
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}) });
    stop();
    expect(lost).toBe(times);
    return main;
  }

  test('of ecs:RegisterTaskDefinition, each time, ends exactly as before: refused', async () => {
    const agent = await givenAgent();
    const before = agent.snapshot();
    const main = await loseEach(agent, 'ecs:RegisterTaskDefinition', 5);
    expect(main).toMatchObject({ exitCode: 1, outputs: { outcome: 'refused' } });
    expect(agent.snapshot()).toEqual(before);
    expect(await agent.ask()).toMatchObject({ body: 'v1' });
    expect(main.log).toMatch(/may stay registered without being used/);
  });

  // The SDK may not repeat it: the first try could take effect later than a rollback.
  test('of ecs:UpdateService ends deployed: our deployment is found, and nothing is sent again', async () => {
    const agent = await givenAgent();
    const main = await loseEach(agent, 'ecs:UpdateService', 1);
    expect(main).toMatchObject({ exitCode: 0, outputs: { outcome: 'deployed' } });
    expect(await agent.ask()).toMatchObject({ body: 'v2' });
    expect(bodiesOf(agent, 'ecs:UpdateService')).toHaveLength(1);
  });

  test.each(['ecs:RegisterTaskDefinition', 'ecs:UpdateService'])('of %s, once, is made up for', async (operation) => {
    const agent = await givenAgent();
    agent.world.edge.faults.add({
      operation: new RegExp(`^${operation}$`),
      nth: 1,
      when: 'after',
      act: { kind: 'drop' },
    });
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}) });
    expect(main).toMatchObject({ exitCode: 0, outputs: { outcome: 'deployed' } });
    expect(await agent.ask()).toMatchObject({ body: 'v2' });
  });
});

describe('a cancelled job', () => {
  test.each([5_000, 20_000, 40_000, 66_000])('%s ms after its start is rolled back by post', async (afterMs) => {
    const agent = await givenAgent();
    const before = agent.snapshot();
    const image = agent.world.publish('v2', predict(500, 'no'));
    const { main, post } = await agent.deploy(
      { image, 'smoke-tests': smokeTests },
      { onMainStart: agent.cancelMain(afterMs) },
    );
    expect(main).toMatchObject({ exitCode: 1, outputs: {} });
    expect(main.outputs).toEqual({});
    expect(main.log).toContain('the job was cancelled (SIGINT)');
    expect(post.exitCode).toBe(1);
    expect(post.summary).toContain('`rolled-back`');
    expect(agent.snapshot()).toEqual(before);
  });

  test('with on-cancel: keep is left as it is', async () => {
    const agent = await givenAgent();
    const { post } = await agent.deploy(
      { image: agent.world.publish('v2', {}), 'on-cancel': 'keep' },
      { onMainStart: agent.cancelMain(20_000) },
    );
    expect(post.summary).toContain('`kept`');
    expect(bodiesOf(agent, 'ecs:StopServiceDeployment')).toEqual([]);
    expect(bodiesOf(agent, 'ecs:UpdateService')).toHaveLength(1);
  });
});

function bodiesOf(agent: Awaited<ReturnType<typeof givenAgent>>, operation: string): JsonObject[] {
  const calls = agent.world.aws.wireLog.filter(
    (call) => call.operation === operation || `ecs:${call.operation}` === operation,
  );
  return calls.map(({ body }) => JSON.parse(body) as JsonObject);
}
