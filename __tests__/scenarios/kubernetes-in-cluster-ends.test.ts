import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { Behaviour } from '../../simulators/behaviour.ts';
import { ApiError } from '../../simulators/kubernetes/api/api-error.ts';
import type { KubernetesAgent } from '../../simulators/kubernetes-agent.ts';
import { allow, stateOf } from '../../simulators/kubernetes-scene.ts';
import { closeAgents } from './agent.ts';
import { givenKubernetes } from './kubernetes-agent.ts';
import { readRoles } from './kubernetes-roles.ts';
import { loseRunner } from './lose-runner.ts';
import { refuse } from './refusal.ts';
import { JOBS, smokeTestsLeft, watchJobs } from './watch-smoke-jobs.ts';

afterEach(closeAgents);

const good: Partial<Behaviour> = { version: 'v2' };
/** The second runs for minutes, so that what happens in between happens in the middle of it; a rollback has no such time. */
const long = '- GET /: { in-cluster: true }\n- run: sleep 200\n  in-cluster: true\n  timeout: 5m';
const createJob = /^kubernetes:create jobs$/;

/** Of the second smoke test; a dry run has another name. */
const SECOND = 2;

function killAtJob(agent: KubernetesAgent, signal: NodeJS.Signals) {
  let seen = 0;
  return (child: { kill(signal: NodeJS.Signals): boolean }): void => {
    agent.world.edge.onCall((call, moment) => {
      if (createJob.test(call.operation) && moment === 'after' && ++seen === SECOND) child.kill(signal);
    });
  };
}

describe('nothing is left of a smoke test in the cluster', () => {
  test('when the job is cancelled in the middle of it', async () => {
    const agent = await givenKubernetes();
    const before = await stateOf(agent.stage);
    const jobs = watchJobs(agent);
    const image = agent.world.publish('v2', good);
    const onMainStart = agent.cancelMain(45_000);
    const { main, post } = await agent.deploy({ image, 'smoke-tests': long }, { onMainStart });
    expect({ log: main.log, jobs: jobs.length }).toMatchObject({ log: expect.stringMatching(/Smoke test \(live\)/) });
    expect(main.log).toContain('the job was cancelled');
    expect({ log: post.log, exit: post.exitCode }).toMatchObject({
      log: expect.stringMatching(/\[rolled-back\]/),
      exit: 1,
    });
    expect(await smokeTestsLeft(agent)).toEqual([]);
    expect(await stateOf(agent.stage)).toEqual(before);
  });

  test.each([
    ['rolled back', {}],
    ['kept', { 'on-cancel': 'keep' }],
  ])('when main is killed in the middle of it, and post ran: %s', async (_what, inputs) => {
    const agent = await givenKubernetes();
    const image = agent.world.publish('v2', good);
    const onMainStart = killAtJob(agent, 'SIGKILL');
    const { main, post } = await agent.deploy({ image, 'smoke-tests': long, ...inputs }, { onMainStart });
    expect(main.signal).toBe('SIGKILL');
    expect({ log: post.log }).toMatchObject({ log: expect.stringMatching(/\[(?:rolled-back|kept)\]/) });
    expect(await smokeTestsLeft(agent)).toEqual([]);
  });

  test('when main is killed while it tests what is unchanged', async () => {
    const agent = await givenKubernetes();
    const image = agent.world.publish('v2', good);
    await agent.deploy({ image });
    const onMainStart = killAtJob(agent, 'SIGKILL');
    const { main, post } = await agent.deploy({ image, 'smoke-tests': long }, { onMainStart });
    expect(main.signal).toBe('SIGKILL');
    expect({ log: post.log }).toMatchObject({ log: expect.stringMatching(/\[refused\]/) });
    expect(await smokeTestsLeft(agent)).toEqual([]);
  });

  test('when the runner is lost: it ends and goes by itself, and the next run tests all the same', async () => {
    const agent = await givenKubernetes();
    const first = { image: agent.world.publish('v2', good), 'smoke-tests': long };
    await loseRunner(agent, first, { operation: createJob, nth: SECOND });
    expect(await smokeTestsLeft(agent)).toContain('web-smoke-test');
    const next = {
      image: agent.world.publish('v3', { version: 'v3' }),
      'smoke-tests': '- GET /: { in-cluster: true, contains: v3 }',
    };
    const lostAt = agent.stage.now();
    const { main } = await agent.deploy(next);
    expect({ outcome: main.outputs['outcome'], log: main.log }).toEqual({ outcome: 'deployed', log: main.log });
    expect(await smokeTestsLeft(agent)).toEqual([]);
    // The marker holds for five minutes, the Job for eight: as long as its test may take, and three more.
    expect(agent.stage.now() - lostAt).toBeLessThan(600_000);
  });

  test('when the runner is lost before its Secret was there, and no run follows', async () => {
    const agent = await givenKubernetes();
    await loseRunner(
      agent,
      { image: agent.world.publish('v2', good), 'smoke-tests': '- GET /: { in-cluster: true, passes: 2 }' },
      {
        operation: createJob,
        nth: SECOND,
      },
    );
    expect(await smokeTestsLeft(agent)).toContain('web-smoke-test');
    await agent.stage.pass(400_000);
    expect(await smokeTestsLeft(agent)).toEqual([]);
  });
});

describe('is refused before anything is touched, and by a plan', () => {
  const smokeTests = '- GET /: { in-cluster: true }';
  const inBoth = [{ mode: 'deploy' }, { mode: 'plan' }];

  test.each(inBoth)('where a Role lacks what a smoke test in the cluster takes: $mode', async (mode) => {
    const agent = await givenKubernetes();
    await allow(agent.stage, readRoles().get('deploy')!);
    const image = agent.world.publish('v2', good);
    const { text, failure } = await refuse(agent, { image, 'smoke-tests': smokeTests, ...mode });
    expect(failure.code).toBe('PERMISSION_DENIED');
    expect(text).toContain(
      'create jobs.batch, get jobs.batch (web-smoke-test), delete jobs.batch (web-smoke-test), create secrets',
    );
    expect(text).toContain('{ apiGroups: ["batch"], resources: [jobs], verbs: [create] }');
    expect(text).toContain(
      '{ apiGroups: ["batch"], resources: [jobs], resourceNames: [web-smoke-test], verbs: [get] }',
    );
  });

  test.each(inBoth)('where a policy refuses its Job: $mode', async (mode) => {
    const agent = await givenKubernetes();
    const review = () => new ApiError(403, 'Forbidden', 'admission webhook "no-jobs.acme.dev" denied the request: no');
    agent.world.kubernetes.admission.push({ kind: 'Job', review });
    const image = agent.world.publish('v2', good);
    const { text } = await refuse(agent, { image, 'smoke-tests': smokeTests, ...mode });
    expect(text).toMatch(
      /could not run smoke tests of deployment web .* in the cluster: .*no-jobs\.acme\.dev.* denied the request/,
    );
  });

  test.each(inBoth)('where no Service leads to the pods: $mode', async (mode) => {
    const agent = await givenKubernetes();
    await agent.stage.expect('/api/v1/namespaces/shop/services/web', { method: 'DELETE' });
    const image = agent.world.publish('v2', good);
    const { text } = await refuse(agent, { image, 'smoke-tests': smokeTests, ...mode });
    expect(text).toMatch(
      /could not tell where to send "GET \/": no address of deployment web .* in the cluster is known/,
    );
  });

  test.each(inBoth)('what it sends is too long for a Secret: $mode', async (mode) => {
    const agent = await givenKubernetes();
    const folder = mkdtempSync(path.join(os.tmpdir(), 'workspace-'));
    writeFileSync(path.join(folder, 'cat.jpg'), Buffer.alloc(710_000));
    const image = agent.world.publish('v2', good);
    const inputs = { image, 'smoke-tests': '- POST /: { in-cluster: true, file: cat.jpg }', ...mode };
    const { text } = await refuse(agent, inputs, { env: { GITHUB_WORKSPACE: folder } });
    rmSync(folder, { recursive: true });
    expect(text).toMatch(
      /could not run "POST \/" in the cluster: what it sends has 71\d{4} bytes, and 700000 are possible/,
    );
  });

  const canary = { strategy: 'canary', steps: '50% for 1m' };
  test.each(inBoth)('a header that the API server’s proxy keeps for itself: $mode', async (mode) => {
    const agent = await givenKubernetes();
    const image = agent.world.publish('v2', good);
    const tests = '- GET /: { headers: { Authorization: Bearer abc } }\n- GET /b: { headers: { x-remote-user: me } }';
    const { text, failure } = await refuse(agent, { image, 'smoke-tests': tests, ...canary, ...mode });
    expect(failure.code).toBe('INPUT_INVALID');
    expect(text).toContain('"GET /" sends authorization; "GET /b" sends x-remote-user');
    expect(text).toContain('Set `in-cluster: true` for it, write its full URL');
  });

  test('but not where it is never sent through that proxy', async () => {
    const agent = await givenKubernetes();
    const image = agent.world.publish('v2', good);
    const tests = '- GET /: { headers: { Authorization: Bearer abc } }';
    const rolling = await agent.deploy({ image, 'smoke-tests': tests });
    expect(rolling.main.outputs['outcome']).toBe('deployed');
    const unchanged = await agent.deploy({ image, 'smoke-tests': tests, ...canary });
    expect(unchanged.main.outputs['outcome']).toBe('unchanged');
    const full = tests.replace('GET /', 'GET https://shop.example/');
    const other = await agent.deploy({ image: agent.world.publish('v3', good), 'smoke-tests': full, ...canary });
    expect(other.main.outputs['outcome']).toBe('deployed');
  });
});

test('a plan with smoke tests in the cluster creates nothing', async () => {
  const agent = await givenKubernetes();
  const jobs = watchJobs(agent);
  const image = agent.world.publish('v2', good);
  const smokeTests = '- GET /: { in-cluster: true }\n- run: echo\n  in-cluster: true';
  const { main } = await agent.deploy({ image, mode: 'plan', 'smoke-tests': smokeTests });
  expect({ outcome: main.outputs['outcome'], log: main.log }).toEqual({ outcome: 'planned', log: main.log });
  expect(jobs).toEqual([]);
  expect(await smokeTestsLeft(agent)).toEqual([]);
});

test('a Job of another user that has the name is left alone, and the smoke test says so', async () => {
  const agent = await givenKubernetes();
  const template = {
    spec: { restartPolicy: 'Never', containers: [{ name: 'a', image: 'docker.io/library/busybox', command: ['sh'] }] },
  };
  await agent.stage.expect(JOBS, {
    method: 'POST',
    body: { metadata: { name: 'web-smoke-test' }, spec: { template } },
  });
  const image = agent.world.publish('v2', good);
  const { main } = await agent.deploy({ image, 'smoke-tests': '- GET /: { in-cluster: true }' });
  expect(main.log).toMatch(
    /there is a job web-smoke-test that deploy-agent did not make.*Rename or delete job web-smoke-test/,
  );
  expect(main.outputs['outcome']).toBe('rolled-back');
  expect(await smokeTestsLeft(agent)).toContain('web-smoke-test');
});
