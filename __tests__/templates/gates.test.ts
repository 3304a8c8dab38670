import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { Clouds } from './clouds/clouds.ts';
import { fillIn } from './fill-in.ts';
import { runTemplate, type Story } from './run-template.ts';
import type { JobResult } from './runner/run-job.ts';
import { templates } from './templates.ts';
import { read } from './workflow-texts.ts';

const open: Clouds[] = [];
afterEach(async () => {
  for (const { outside } of open.splice(0)) await outside.close();
});

async function run({ name, open: openClouds }: (typeof templates)[number], story: Story, asking?: string) {
  const clouds = await openClouds(asking);
  open.push(clouds);
  const services = [...clouds.staging, ...clouds.production];
  const before = services.map((service) => service.snapshot());
  const text = fillIn(read(`workflow-templates/${name}.yml`), clouds.values);
  const { jobs, run: done } = await runTemplate(text, clouds, story);
  const untouched = services.map(
    (service, index) => JSON.stringify(service.snapshot()) === JSON.stringify(before[index]),
  );
  return { jobs: resultsOf(jobs), untouched, log: [...done.logs.values()].join('\n'), clouds };
}

function resultsOf(jobs: Readonly<Record<string, JobResult>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(jobs).map(([id, { result }]) => [id, result]));
}

const good = { answers: { '/greeting': { status: 200, body: 'hello' } } };

function edit(file: string, from: RegExp, to: string): Story {
  return {
    edit(folder) {
      const name = path.join(folder, file);
      writeFileSync(name, readFileSync(name, 'utf8').replace(from, to));
    },
  };
}

const STOPS: readonly { readonly what: string; readonly story: Story; readonly job: string; readonly says: RegExp }[] =
  [
    { what: 'lint', story: edit('app/main.py', /^/, '# F401\n'), job: 'test', says: /F401/ },
    {
      what: 'a unit test',
      story: edit('tests/unit/test_health.py', /assert .*/, 'assert False'),
      job: 'test',
      says: /False/,
    },
    { what: 'root', story: edit('Dockerfile', /^USER.*$/m, ''), job: 'scan', says: /::error::The image runs as root/ },
    { what: 'root by number', story: edit('Dockerfile', /^USER.*$/m, 'USER 0:0'), job: 'scan', says: /runs as root/ },
    { what: 'a vulnerability', story: { vulnerabilities: ['CVE-2026-0001'] }, job: 'scan', says: /CVE-2026-0001/ },
  ];

// checks.test.ts says that they are the same in all templates.
describe('the jobs that all templates share', () => {
  const template = templates[0]!;

  test('runs the tests of a pull request, and no other job', async () => {
    const surroundings = { event: { name: 'pull_request', ref: 'refs/pull/1/merge' } };
    const { jobs, untouched } = await run(template, { surroundings });
    const { test: tests, ...others } = jobs;
    expect(tests).toBe('success');
    expect(new Set(Object.values(others))).toEqual(new Set(['skipped']));
    expect(untouched).not.toContain(false);
  });

  test.each(STOPS)('stops at $what', async ({ story, job, says }) => {
    const { jobs, untouched, log } = await run(template, story);
    expect(jobs).toMatchObject({ [job]: 'failure' });
    expect(log).toMatch(says);
    expect(untouched).not.toContain(false);
  });
});

describe.each(templates)('$name', (template) => {
  test('deploys to production only after an approval', async () => {
    const approve = (environment: string): boolean => environment !== 'production';
    const { clouds, untouched } = await run(template, { behaviour: good, surroundings: { approve } });
    const stages = [...clouds.staging.map(() => 'staging'), ...clouds.production.map(() => 'production')];
    expect(stages.filter((_, index) => untouched[index])).toEqual(clouds.production.map(() => 'production'));
  });

  test('deploys nothing from another repository, which the cloud does not trust', async () => {
    const { log, untouched } = await run(
      template,
      { behaviour: good, surroundings: { name: 'fork/agent' } },
      'fork/agent',
    );
    expect(log).toMatch(
      /Not authorized to be|rejected by the attribute condition|No matching federated identity record|could not find a cluster: there is no kubeconfig/,
    );
    expect(untouched).not.toContain(false);
  });
});
