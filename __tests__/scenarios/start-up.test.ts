import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterEach, expect, test } from '@jest/globals';
import type { Agent } from '../../simulators/agent.ts';
import type { StageResult } from '../../simulators/runner.ts';
import { closeAgents, dist, givenAgent } from './agent.ts';
import { givenCloudRun } from './cloud-run-agent.ts';
import { givenApp } from './container-apps-agent.ts';

afterEach(closeAgents);

const folder = path.dirname(dist.main);
const hook = path.resolve(import.meta.dirname, '../fixtures/note-loads.mjs');

/** Words that only this client has in it: of a cloud, or of what verifies signatures. */
const MARKS = {
  aws: 'AmazonEC2ContainerServiceV20141113',
  google: 'iamcredentials.',
  azure: 'azsdk-js-arm-appcontainers',
  registries: 'azsdk-js-arm-containerregistry',
  signatures: 'application/vnd.dev.cosign.simplesigning',
};

async function marksIn(files: readonly string[]): Promise<readonly string[]> {
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8')));
  return Object.entries(MARKS).flatMap(([name, mark]) => (texts.some((text) => text.includes(mark)) ? [name] : []));
}

async function sizeOf(files: readonly string[]): Promise<number> {
  const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** Main, with no program on its PATH, and the files that it loaded: of dist/, and nothing from elsewhere. */
async function runNoted(agent: Agent, inputs: Record<string, string>): Promise<{ main: StageResult; files: string[] }> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'loads-'));
  const noted = path.join(directory, 'loads');
  const env = { NOTED_LOADS: noted, PATH: path.join(directory, 'empty') };
  const { main } = await agent.deploy(inputs, { nodeArguments: ['--import', hook], env });
  const urls = new Set((await readFile(noted, 'utf8')).trim().split('\n'));
  await rm(directory, { recursive: true });
  urls.delete(pathToFileURL(hook).href);
  const own = `${pathToFileURL(folder).href}/`;
  expect([...urls].filter((url) => !url.startsWith(own))).toEqual([]);
  return { main, files: [...urls].map((url) => fileURLToPath(url)) };
}

test('login and first read need no program on the PATH, and load no cloud but this one', async () => {
  const chunks = (await readdir(folder)).filter((name) => name.endsWith('.js')).map((name) => path.join(folder, name));
  // What is looked for is in the bundle at all.
  expect(await marksIn(chunks)).toEqual(expect.arrayContaining(['aws', 'azure', 'registries', 'signatures']));

  const agent = await givenApp({ entries: dist });
  const image = agent.world.publish('v2', {});
  const { main, files } = await runNoted(agent, { image, 'copy-to': '', mode: 'plan' });
  expect(main.outputs['outcome']).toBe('planned');
  expect(await marksIn(files)).toEqual(['azure']);

  const calls = agent.world.edge.calls.map(({ operation }) => operation);
  expect(calls.slice(0, 3)).toEqual(['github:GetIdToken', 'entra:Token', 'arm:ContainerApps_Get']);
});

test('up to its first call ECS loads under 765 kB', async () => {
  const agent = await givenAgent({ entries: dist });
  agent.world.aws.expireCredentialsAt(agent.world.clock.now());
  const { main, files } = await runNoted(agent, { image: agent.world.publish('v2', {}) });
  expect(main.outputs['outcome']).toBe('refused');
  expect(new Set(agent.world.edge.calls.map(({ operation }) => operation))).toEqual(new Set(['ecs:DescribeServices']));
  // 756 kB on 2026-11-29, of which 10 read the input verify and 60 what people write in the other inputs. Start is parsing, above
  // all: docs/performance.md.
  expect(await sizeOf(files)).toBeLessThan(765_000);
});

test('a whole plan on Cloud Run loads under 780 kB', async () => {
  const agent = await givenCloudRun({ entries: dist });
  const image = agent.world.publish('v2', {});
  const { main, files } = await runNoted(agent, { image, mode: 'plan' });
  expect(main.outputs['outcome']).toBe('planned');
  expect(await marksIn(files)).toEqual(['google']);
  // 771 kB on 2026-11-29, with the plan of a copy; of them 60 are the redactor and the time limits; it was 1.9 MB with Google's own client of Cloud Run.
  expect(await sizeOf(files)).toBeLessThan(780_000);
});
