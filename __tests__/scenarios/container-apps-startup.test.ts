import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from '@jest/globals';
import { dist } from './agent.ts';
import { closeApps, givenApp } from './container-apps-agent.ts';

afterEach(closeApps);

const hook = path.resolve(import.meta.dirname, '../fixtures/note-loads.mjs');

/** Words that only this cloud's client has in it. */
const MARKS = {
  aws: 'AmazonEC2ContainerServiceV20141113',
  google: 'iamcredentials.',
  azure: 'azsdk-js-arm-appcontainers',
  registries: 'azsdk-js-arm-containerregistry',
};

async function marksIn(files: readonly string[]): Promise<readonly string[]> {
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8')));
  return Object.entries(MARKS).flatMap(([name, mark]) => (texts.some((text) => text.includes(mark)) ? [name] : []));
}

test('login and first read need no program on the PATH, and load no cloud but this one', async () => {
  const folder = path.dirname(dist.main);
  const chunks = (await readdir(folder)).filter((name) => name.endsWith('.js')).map((name) => path.join(folder, name));
  // What is looked for is in the bundle at all.
  expect(await marksIn(chunks)).toEqual(expect.arrayContaining(['aws', 'azure', 'registries']));

  const directory = await mkdtemp(path.join(os.tmpdir(), 'loads-'));
  const noted = path.join(directory, 'loads');
  const agent = await givenApp({ entries: dist });
  const { main } = await agent.deploy(
    { image: agent.world.publish('v2', {}), 'copy-to': '', mode: 'plan' },
    { nodeArguments: ['--import', hook], env: { NOTED_LOADS: noted, PATH: path.join(directory, 'empty') } },
  );
  const loaded = [...new Set((await readFile(noted, 'utf8')).trim().split('\n'))].map((url) => fileURLToPath(url));
  await rm(directory, { recursive: true });
  expect(main.outputs['outcome']).toBe('planned');
  expect(await marksIn(loaded.filter((file) => file.startsWith(folder)))).toEqual(['azure']);

  const calls = agent.world.edge.calls.map(({ operation }) => operation);
  expect(calls.slice(0, 3)).toEqual(['github:GetIdToken', 'entra:Token', 'arm:ContainerApps_Get']);
});
