import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { SOURCE } from '../../simulators/world.ts';
import { checkWorkflow } from './checks/check.ts';
import { openCloudRunClouds } from './clouds/cloud-run.ts';
import type { Clouds } from './clouds/clouds.ts';
import { openContainerAppsClouds } from './clouds/container-apps.ts';
import { openEcsClouds } from './clouds/ecs.ts';
import { openKubernetesClouds } from './clouds/kubernetes.ts';
import { fillIn, useNode } from './fill-in.ts';
import { change, changeInputs, ofAnotherCloud, readRecipes, withoutLanguage } from './recipes.ts';
import { runTemplate, type Story } from './run-template.ts';
import type { Surroundings } from './runner/workflow-run.ts';
import { read } from './workflow-texts.ts';

const open: Clouds[] = [];
afterEach(async () => {
  for (const { outside } of open.splice(0)) await outside.close();
});

const recipes = readRecipes();
const recipe = (title: string, index = 0): string => recipes.get(title)![index]!;

const SHA = '9fceb02d0ae598e95dc970b74767f19372d61af8';
const OLD = '1234567890123456789012345678901234567890';
const good = { answers: { '/greeting': { status: 200, body: 'hello' } } };

test('each recipe is tested here', () => {
  expect([...recipes.keys()]).toEqual([
    ...['Monorepo', 'Node with pnpm', 'Go', 'Only a Dockerfile', 'An image that another workflow built'],
    ...['A version by hand', 'Release tags', 'Three environments with accounts of their own', 'A private registry'],
    'A self-hosted runner behind a proxy',
  ]);
});

/** The template for ECS as far as its job `scan`: what a recipe for another project changes. */
async function build(edit: (text: string) => string, story: Story) {
  const clouds = await openEcsClouds();
  open.push(clouds);
  const text = edit(fillIn(read('workflow-templates/deploy-ecs.yml'), clouds.values));
  expect(await checkWorkflow({ name: 'recipe', text, kind: 'workflow' })).toEqual([]);
  const [head] = text.split('\n  staging:\n');
  const { conclusion, run } = await runTemplate(head!, clouds, { behaviour: good, ...story });
  return { conclusion, test: run.logs.get('test')!, log: [...run.logs.values()].join('\n') };
}

const projects: Readonly<Record<string, { readonly edit: (text: string) => string; readonly story: Story }>> = {
  Monorepo: {
    edit: (text) => change(text, recipe('Monorepo')),
    story: {
      edit(folder) {
        const files = readdirSync(folder).filter((name) => name !== '.github');
        mkdirSync(path.join(folder, 'services/web'), { recursive: true });
        for (const name of files) renameSync(path.join(folder, name), path.join(folder, 'services/web', name));
      },
    },
  },
  'Node with pnpm': {
    edit: (text) => change(useNode(text), recipe('Node with pnpm')),
    story: {
      project: 'node',
      edit(folder) {
        rmSync(path.join(folder, 'package-lock.json'));
        writeFileSync(path.join(folder, 'pnpm-lock.yaml'), 'lockfileVersion: "9.0"\n');
      },
    },
  },
  Go: {
    edit: (text) => change(withoutLanguage(text), recipe('Go')),
    story: {
      edit(folder) {
        rmSync(path.join(folder, 'requirements.txt'));
        writeFileSync(path.join(folder, 'go.mod'), 'module example.com/agent\n');
      },
    },
  },
  'Only a Dockerfile': {
    edit: (text) => change(withoutLanguage(text), recipe('Only a Dockerfile')),
    story: { edit: (folder) => rmSync(path.join(folder, 'requirements.txt')) },
  },
};

describe.each(Object.entries(projects))('%s', (_, { edit, story }) => {
  test('is tested, built and scanned with these changes', async () => {
    const { conclusion, log } = await build(edit, story);
    expect({ conclusion, log }).toEqual({ conclusion: 'success', log });
  });

  test('would not be without them', async () => {
    const { conclusion } = await build((text) => text, story);
    expect(conclusion).toBe('failure');
  });
});

describe('the commands for other projects in docs/workflows.md', () => {
  const table = read('docs/workflows.md').split('| project | `TEST` | step before it |')[1]!.split('\n\n')[0]!;
  const rows = [...table.matchAll(/^\| (?!---)([^|]+) \| ([^|]+) \| ([^|]+) \|$/gm)].map(([, name, cell, step]) => ({
    name: name!,
    commands: [...cell!.matchAll(/`([^`]+)`/g)].map(([, command]) => command!),
    step: step!,
  }));

  test('are those of seven kinds', () => expect(rows).toHaveLength(7));

  test.each(rows)('test a project of $name', async ({ name, commands, step }) => {
    const clouds = await openEcsClouds();
    open.push(clouds);
    const filled = fillIn(read('workflow-templates/deploy-ecs.yml'), { ...clouds.values, TEST: commands.join('\n') });
    const text = step.includes('setup-node') ? useNode(filled) : step === 'none' ? withoutLanguage(filled) : filled;
    const { jobs, run } = await runTemplate(text, clouds, {
      project: name.startsWith('Node') ? 'node' : 'python',
      surroundings: { event: { name: 'pull_request', ref: 'refs/pull/1/merge' } },
      edit(folder) {
        writeFileSync(path.join(folder, 'pnpm-lock.yaml'), 'lockfileVersion: "9.0"\n');
        writeFileSync(path.join(folder, 'go.mod'), 'module example.com/agent\n');
      },
    });
    expect({ ...jobs['test'], log: run.logs.get('test') }).toMatchObject({ result: 'success' });
  });
});

/** A repository with `deploy-only.yml`, and two images in GHCR: of this commit, and of an older one. */
async function givenImages() {
  const clouds = await openEcsClouds();
  open.push(clouds);
  const image = { user: '10001', vulnerabilities: [] };
  const push = (commit: string) =>
    clouds.outside.push(`ghcr.io/acme/agent:${commit}`, { ...image, behaviour: { ...good, version: commit } });
  const digests = { [SHA]: push(SHA), [OLD]: push(OLD) };
  const { SERVICE, ECR_REPOSITORY, SMOKE_TESTS, IMAGE } = clouds.values;
  const values = { SERVICE: SERVICE!, ECR_REPOSITORY: ECR_REPOSITORY!, SMOKE_TESTS: SMOKE_TESTS!, IMAGE: IMAGE! };
  const deployOnly = fillIn(read('workflow-templates/deploy-only.yml'), values);
  const run = (text: string, surroundings: Partial<Surroundings> = {}) =>
    runTemplate(text, clouds, { surroundings: { findWorkflow: () => deployOnly, ...surroundings } });
  const dispatch = (version: string) => ({
    event: { name: 'workflow_dispatch', ref: 'refs/heads/main', inputs: { version, environment: 'staging' } },
  });
  const tags = () => clouds.worldOf('staging').ecr.snapshot().repositories[ECR_REPOSITORY!]!.tags;
  return { clouds, digests, deployOnly, run, dispatch, tags };
}

describe('deploy-only', () => {
  test('deploys an earlier commit by hand: the copy gets the commit of the image, and no other tag moves', async () => {
    const { clouds, digests, deployOnly, run, dispatch, tags } = await givenImages();
    const before = tags();
    const { conclusion, run: done } = await run(deployOnly, dispatch(OLD));
    expect({ conclusion, log: done.logs.get('deploy') }).toMatchObject({ conclusion: 'success' });
    expect(await clouds.staging[0]!.version()).toBe(OLD);
    expect(tags()).toEqual({ ...before, [OLD]: digests[OLD] });
    expect(done.deployments).toEqual([expect.objectContaining({ environment: 'staging', state: 'success' })]);
  });

  test.each(['latest', 'main', 'v1.2.3', OLD.slice(1), `${OLD}\n::warning::planted`, ''])(
    'refuses %j, which may move',
    async (version) => {
      const { clouds, deployOnly, run, dispatch } = await givenImages();
      const before = clouds.staging[0]!.snapshot();
      const { conclusion, run: done } = await run(deployOnly, dispatch(version));
      expect(conclusion).toBe('failure');
      expect(done.logs.get('deploy')).toContain('::error::The input version is neither');
      expect(done.logs.get('deploy')).not.toContain('planted');
      expect(clouds.staging[0]!.snapshot()).toEqual(before);
    },
  );

  test('deploys what another workflow built, by its digest', async () => {
    const { clouds, digests, run, tags } = await givenImages();
    const before = tags();
    const text = recipe('An image that another workflow built').replace('$DIGEST', digests[OLD]!);
    const { conclusion, run: done } = await run(text);
    expect({ conclusion, log: done.logs.get('deploy') }).toMatchObject({ conclusion: 'success' });
    expect(await clouds.staging[0]!.version()).toBe(OLD);
    expect(tags()).toEqual(before);
  });

  test('deploys the commit of a release tag to production', async () => {
    const { clouds, digests, run, tags } = await givenImages();
    const before = tags();
    const { conclusion, run: done } = await run(recipe('Release tags'), {
      event: { name: 'push', ref: 'refs/tags/v1.2.3' },
    });
    expect({ conclusion, log: done.logs.get('deploy') }).toMatchObject({ conclusion: 'success' });
    expect(await clouds.production[0]!.version()).toBe(SHA);
    expect(tags()).toEqual({ ...before, [SHA]: digests[SHA] });
  });

  test.each([
    ['with the password of the private registry', SOURCE.password, 'success'],
    ['not with another one', 'wrong', 'failure'],
  ])('deploys %s', async (_, password, expected) => {
    const { clouds, deployOnly, run, dispatch } = await givenImages();
    const text = changeInputs(deployOnly, recipe('A private registry'));
    expect(await checkWorkflow({ name: 'recipe', text, kind: 'workflow' })).toEqual([]);
    const { conclusion, run: done } = await run(text, {
      ...dispatch(SHA),
      environmentSecrets: () => ({ REGISTRY_PASSWORD: password }),
      environmentVars: (environment) => ({ ...clouds.varsOf(environment), REGISTRY_USERNAME: SOURCE.username }),
    });
    expect({ conclusion, log: done.logs.get('deploy') }).toMatchObject({ conclusion: expected });
  });

  test('deploys on a self-hosted runner, through the proxy of the job', async () => {
    const { clouds, deployOnly, run, dispatch } = await givenImages();
    const { HTTPS_PROXY, NODE_EXTRA_CA_CERTS, ...rest } = clouds.worldOf('staging').edge.env;
    const text = change(deployOnly, recipe('A self-hosted runner behind a proxy'))
      .replace('http://proxy.example.com:3128', HTTPS_PROXY!)
      .replace('/etc/ssl/certs/company.pem', NODE_EXTRA_CA_CERTS!);
    expect(await checkWorkflow({ name: 'recipe', text, kind: 'workflow' })).toEqual([]);
    const { conclusion, run: done } = await run(text, {
      ...dispatch(SHA),
      // The job alone has the proxy.
      network: () => ({ ...rest, AWS_EC2_METADATA_DISABLED: 'true' }),
    });
    expect({ conclusion, log: done.logs.get('deploy') }).toMatchObject({ conclusion: 'success' });
    expect(await clouds.staging[0]!.version()).toBe(SHA);
  });
});

describe('deploy-only with the steps of another cloud, as its header says', () => {
  test.each([
    ['deploy-cloud-run', openCloudRunClouds],
    ['deploy-container-apps', openContainerAppsClouds],
    ['deploy-kubernetes', () => openKubernetesClouds()],
  ] as const)('%s', async (name, openClouds) => {
    const clouds = await openClouds();
    open.push(clouds);
    const image = { user: '10001', vulnerabilities: [], behaviour: { ...good, version: OLD } };
    clouds.outside.push(`ghcr.io/acme/agent:${OLD}`, image);
    const text = ofAnotherCloud(
      read('workflow-templates/deploy-only.yml'),
      fillIn(read(`workflow-templates/${name}.yml`), clouds.values),
    );
    const event = {
      name: 'workflow_dispatch',
      ref: 'refs/heads/main',
      inputs: { version: OLD, environment: 'staging' },
    };
    const { conclusion, run } = await runTemplate(text, clouds, { surroundings: { event } });
    expect({ conclusion, log: run.logs.get('deploy') }).toMatchObject({ conclusion: 'success' });
    expect(await clouds.staging[0]!.version()).toBe(OLD);
  });
});

test('three environments: the third is deployed between staging and production', async () => {
  const clouds = await openKubernetesClouds();
  open.push(clouds);
  const text = change(
    fillIn(read('workflow-templates/deploy-kubernetes.yml'), clouds.values),
    recipe('Three environments with accounts of their own'),
  );
  expect(await checkWorkflow({ name: 'recipe', text, kind: 'workflow' })).toEqual([]);
  const { conclusion, run } = await runTemplate(text, clouds, { behaviour: good });
  expect({ conclusion, log: run.logs.get('qa') }).toMatchObject({ conclusion: 'success' });
  expect(run.deployments.map(({ environment }) => environment)).toEqual(['staging', 'qa', 'production']);
});
