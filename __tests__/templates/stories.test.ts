import { afterEach, describe, expect, test } from '@jest/globals';
import type { Clouds, LiveService } from './clouds/clouds.ts';
import { fillIn, repositoryVariables, useNode, useRepositoryVariables } from './fill-in.ts';
import { runTemplate } from './run-template.ts';
import { templates } from './templates.ts';
import { read } from './workflow-texts.ts';

const open: Clouds[] = [];
afterEach(async () => {
  for (const { outside } of open.splice(0)) await outside.close();
});

/** A newcomer's repository: the template with values in the lines that are marked TODO, and in no other. */
async function given({ name, open: openClouds }: (typeof templates)[number]) {
  const clouds = await openClouds();
  open.push(clouds);
  return { clouds, text: fillIn(read(`workflow-templates/${name}.yml`), clouds.values) };
}

const versionsOf = (services: readonly LiveService[]) => Promise.all(services.map((service) => service.version()));
const snapshotsOf = (services: readonly LiveService[]) => services.map((service) => service.snapshot());

const SHA = '9fceb02d0ae598e95dc970b74767f19372d61af8';
const good = { answers: { '/greeting': { status: 200, body: 'hello' } } };
const bad = { answers: { '/greeting': { status: 500, body: 'no model' } } };

describe.each(templates)('$name', (template) => {
  test('a good build is deployed to staging, then to production, and needs every permission of every job', async () => {
    const { clouds, text } = await given(template);
    const { conclusion, jobs, run } = await runTemplate(text, clouds, { behaviour: good });
    expect({ conclusion, log: [...run.logs.values()].join('\n') }).toMatchObject({ conclusion: 'success' });
    expect(await versionsOf([...clouds.staging, ...clouds.production])).toEqual(
      [...clouds.staging, ...clouds.production].map(() => SHA),
    );
    const { digest } = jobs['build']!.outputs;
    expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(clouds.outside.attested).toContain(digest);
    for (const deployment of run.deployments) expect(deployment.url).toMatch(/^https:\/\//);
    expect(new Set(run.deployments.map(({ environment }) => environment))).toEqual(new Set(['staging', 'production']));
    for (const [job, { granted, used }] of run.permissions) {
      const given = Object.entries(granted).map((each) => each.join(': '));
      expect({ job, needed: used }).toEqual({ job, needed: given.sort() });
    }
  });

  test('a bad build is rolled back in staging, and production is not touched', async () => {
    const { clouds, text } = await given(template);
    const before = snapshotsOf([...clouds.staging, ...clouds.production]);
    const { conclusion, jobs, run } = await runTemplate(text, clouds, { behaviour: bad });
    expect(conclusion).toBe('failure');
    expect(jobs).toMatchObject({ scan: { result: 'success' } });
    expect(Object.values(jobs).map(({ result }) => result)).toContain('failure');
    expect([...run.logs.values()].join('\n')).toContain('[rolled-back]');
    expect(run.deployments.map(({ environment }) => environment)).not.toContain('production');
    expect(snapshotsOf([...clouds.staging, ...clouds.production])).toEqual(before);
  });

  test('a run that is cancelled while production rolls out is rolled back there', async () => {
    const job = template.production ?? 'production';
    const { clouds, text } = await given(template);
    const before = snapshotsOf(clouds.production);
    const { conclusion, run } = await runTemplate(text, clouds, {
      behaviour: good,
      cancel: { job, everyMs: 20_000 },
    });
    expect(conclusion).toBe('cancelled');
    expect(run.logs.get(job)).toContain('the job was cancelled (SIGINT)');
    expect(run.summaries.get(job)).toContain('`rolled-back`');
    expect(snapshotsOf(clouds.production)).toEqual(before);
    expect(await versionsOf(clouds.staging)).toEqual(clouds.staging.map(() => SHA));
  });

  test('a Node project runs it with the step for Node', async () => {
    const { clouds } = await given(template);
    const test = ['npm ci', 'npm run lint', 'npm run typecheck', 'npm test -- --coverage', 'npm run test:integration'];
    const values = { ...clouds.values, TEST: test.join('\n') };
    const text = fillIn(read(`workflow-templates/${template.name}.yml`), values);
    // Of a pull request only the tests run.
    const surroundings = { event: { name: 'pull_request', ref: 'refs/pull/1/merge' } };
    const { jobs, run } = await runTemplate(useNode(text), clouds, { project: 'node', surroundings });
    expect({ ...jobs['test'], log: run.logs.get('test') }).toMatchObject({ result: 'success' });
    expect(run.logs.get('test')).toMatch(/> biome check[\s\S]*> tsc --noEmit[\s\S]*> node --test tests\/integration/);
  });
});

test('post restores the previous revision when the main process of the deployment is killed', async () => {
  const { clouds, text } = await given(templates[0]!);
  const before = snapshotsOf(clouds.staging);
  let killed = false;
  const { conclusion, run } = await runTemplate(text, clouds, {
    behaviour: good,
    surroundings: {
      onMain(_job, child) {
        const stop = clouds.worldOf('staging').clock.every(20_000, async () => {
          stop();
          killed = child.kill('SIGKILL');
        });
      },
    },
  });
  expect({ conclusion, killed }).toEqual({ conclusion: 'failure', killed: true });
  expect(run.summaries.get('staging')).toContain('`rolled-back`');
  expect(snapshotsOf(clouds.staging)).toEqual(before);
  expect(run.deployments).toEqual([expect.objectContaining({ environment: 'staging', state: 'failure' })]);
});

const PRIVATE = { event: { name: 'push', ref: 'refs/heads/main', payload: { repository: { private: true } } } };

test.each([
  ['nothing is attested', {}, 0],
  ['the image is attested where the variable ATTEST says so', { vars: { ATTEST: 'true' } }, 1],
])('in a private repository %s, and the build is deployed', async (_, settings, attested) => {
  const { clouds, text } = await given(templates[0]!);
  const surroundings = { ...PRIVATE, ...settings };
  const { conclusion } = await runTemplate(text, clouds, { behaviour: good, surroundings });
  expect(conclusion).toBe('success');
  expect(clouds.outside.attested.size).toBe(attested);
});

test('without environments of GitHub, variables of the repository tell staging from production', async () => {
  const { clouds, text } = await given(templates[0]!);
  const vars = repositoryVariables(clouds.varsOf);
  const surroundings = { ...PRIVATE, vars, environmentVars: () => ({}) };
  const { conclusion } = await runTemplate(useRepositoryVariables(text), clouds, { behaviour: good, surroundings });
  expect(conclusion).toBe('success');
  expect(await versionsOf([...clouds.staging, ...clouds.production])).toEqual([SHA, SHA]);
});
