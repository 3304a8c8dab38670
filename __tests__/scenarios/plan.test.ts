import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { Agent } from '../../simulators/agent.ts';
import { CLUSTER, SERVICE } from '../../simulators/agent-service.ts';
import { ECR_HOST } from '../../simulators/world.ts';
import type { Forecast, RunRecord } from '../../src/model/outcome.ts';
import { closeAgents, givenAgent, saidBy } from './agent.ts';
import { mutations, wholeState } from './refusal.ts';

afterEach(closeAgents);

/** Runs `mode: plan`, which must succeed and change nothing, and returns its output. */
async function plan(agent: Agent, inputs: Readonly<Record<string, string>>) {
  const before = wholeState(agent);
  const earlier = mutations(agent).length;
  const directory = await mkdtemp(path.join(os.tmpdir(), 'plan-'));
  try {
    const { main, post } = await agent.deploy({ mode: 'plan', ...inputs }, { directory });
    expect(main).toMatchObject({ exitCode: 0, outputs: { outcome: 'planned' } });
    expect(main.state['reported']).toBe(main.state['run']);
    expect(post).toMatchObject({ exitCode: 0, log: '', summary: '' });
    expect(mutations(agent).slice(earlier)).toEqual([]);
    expect(wholeState(agent)).toEqual(before);
    const report = JSON.parse(await readFile(main.outputs['report']!, 'utf8')) as { readonly forecast: Forecast };
    return { main, said: saidBy(main.log), forecast: report.forecast };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

const configured = {
  containers: [
    {
      name: 'web',
      image: `${ECR_HOST}/agent:v1`,
      essential: true,
      environment: [{ name: 'LOG_LEVEL', value: 'value-before' }],
      secrets: [{ name: 'OLD_KEY', valueFrom: 'old-reference' }],
    },
    { name: 'sidecar', image: `${ECR_HOST}/agent:v1`, essential: false },
  ],
};

describe('a plan', () => {
  test('reports the changes by name, the copy and what a rollback would restore, and changes nothing', async () => {
    const agent = await givenAgent({ service: configured });
    const { main, said, forecast } = await plan(agent, {
      image: agent.world.publish('v2', {}),
      'environment-variables': 'LOG_LEVEL: value-after\nNEW_ONE: value-new',
      secrets: 'API_KEY: new-reference',
      'smoke-tests': '- GET /health?token=value-query',
    });
    const { digest } = main.outputs;
    const lines = [
      '📝 Plan for agent: nothing was changed [planned]',
      `ghcr.io/acme/agent@${digest} would be copied to ${ECR_HOST}/agent@${digest}. Blobs to copy: 3 (`,
      '); already present: 0.',
      'The tag v2 would be created.',
      `Would change: container web: image ${ECR_HOST}/agent:v1 -> ${ECR_HOST}/agent@${digest}`,
      'Would change: container web: environment variable LOG_LEVEL changed',
      'Would change: container web: environment variable NEW_ONE added',
      'Would change: container web: secret API_KEY added',
      'Smoke tests that would run: GET /health',
      'A rollback would restore agent:1.',
      'No other deployment is in progress.',
    ];
    for (const line of lines) expect(said).toContain(line);
    for (const part of [
      '📝 Plan for agent: nothing was changed',
      '### Plan',
      'LOG\\_LEVEL',
      'A rollback would restore agent:1.',
    ]) {
      expect(main.summary.replaceAll('&#95;', '\\_')).toContain(part);
    }
    expect(forecast).toMatchObject({ unchanged: false, restores: 'agent:1', inTheWay: null });
    expect(said + main.summary + JSON.stringify(forecast)).not.toMatch(/value-|-reference/);
    expect(main.outputs).toMatchObject({ image: `${ECR_HOST}/agent@${digest}`, revision: 'agent:1' });
  });

  test('tells how much is missing, as the deploy then copies it', async () => {
    const agent = await givenAgent();
    const platforms = ['linux/amd64', 'linux/arm64'];
    const image = agent.world.publish('v2', {}, { platforms });
    const { forecast } = await plan(agent, { image });
    const directory = await mkdtemp(path.join(os.tmpdir(), 'deploy-'));
    const { main } = await agent.deploy({ image }, { directory });
    const report = JSON.parse(await readFile(main.outputs['report']!, 'utf8')) as Pick<RunRecord, 'copies'>;
    await rm(directory, { recursive: true });
    const [copy] = forecast.copies;
    expect(copy!.missingBlobs).toBeGreaterThan(5);
    expect(report.copies).toEqual([
      expect.objectContaining({ copiedBlobs: copy!.missingBlobs, copiedBytes: copy!.missingBytes }),
    ]);
  });

  test('of what is live already says that it would be unchanged', async () => {
    const agent = await givenAgent();
    const image = agent.world.publish('v2', {});
    await agent.deploy({ image });
    const { said, forecast } = await plan(agent, { image });
    expect(forecast).toMatchObject({ unchanged: true, differences: [], copies: [{ isThere: true, missingBlobs: 0 }] });
    expect(said).toContain('The requested configuration is already live and healthy: the outcome would be unchanged.');
    expect(said).toContain('is already present: no blobs would be copied.');
    const forced = await plan(agent, { image, force: 'true' });
    expect(forced.said).toContain('No difference from agent:2: the same configuration would be rolled out again.');
  });

  test('shows a tag that would be moved, with the digest that it points to now', async () => {
    const agent = await givenAgent();
    const first = await agent.deploy({ image: agent.world.publish('latest', { version: 'one' }) });
    const { said } = await plan(agent, { image: agent.world.publish('latest', { version: 'two' }) });
    expect(said).toContain(`The tag latest points to ${first.main.outputs['digest']} and would be moved`);
  });

  test('shows each of several tags, and the deploy then moves them all', async () => {
    const agent = await givenAgent();
    const image = agent.world.publish('v2', {});
    const inputs = { image, tags: 'live, v2.0' };
    const { said, main } = await plan(agent, inputs);
    for (const tag of ['live', 'v2.0']) expect(said).toContain(`The tag ${tag} would be created.`);
    await agent.deploy(inputs);
    const { digest } = main.outputs;
    expect(agent.world.ecr.snapshot().repositories['agent']?.tags).toMatchObject({ live: digest, 'v2.0': digest });
    expect(agent.world.ecr.snapshot().repositories['agent']?.tags).not.toHaveProperty('v2');
  });

  test('shows another deployment that is running', async () => {
    const agent = await givenAgent();
    const image = agent.world.publish('v2', {});
    agent.world.aws.foreignDeploy(CLUSTER, SERVICE, agent.world.publish('foreign', {}));
    const before = agent.world.edge.calls.length;
    const { main } = await agent.deploy({ image, mode: 'plan' });
    expect(main).toMatchObject({ exitCode: 0, outputs: { outcome: 'planned' } });
    expect(saidBy(main.log)).toMatch(
      /Another deployment is in progress: another deployment .*is (?:PENDING|IN_PROGRESS).* A deployment would wait for it to finish\./,
    );
    expect(agent.world.edge.calls.slice(before).filter(({ mutates }) => mutates)).toEqual([]);
  });

  test('of an image that is deployed from where it is copies nothing', async () => {
    const agent = await givenAgent();
    const { forecast } = await plan(agent, { image: agent.world.publish('v2', {}), 'copy-to': '' });
    expect(forecast.copies).toEqual([]);
    expect(forecast.differences).toEqual([expect.stringContaining('-> ghcr.io/acme/agent@sha256:')]);
  });
});
