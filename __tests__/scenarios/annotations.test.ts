import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { closeAgents, givenAgent } from './agent.ts';

const folders: string[] = [];
afterEach(closeAgents);
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

/** The variables of a job that has checked these files out. */
async function checkedOut(files: Readonly<Record<string, string>>): Promise<Record<string, string>> {
  const workspace = await mkdtemp(path.join(os.tmpdir(), 'workspace-'));
  folders.push(workspace);
  for (const [name, text] of Object.entries(files)) await writeFile(path.join(workspace, name), text);
  return { GITHUB_WORKSPACE: workspace };
}

/** Where GitHub shows the one annotation. */
function placeOf(log: string): string {
  const errors = [...log.matchAll(/^::error (.*?)::/gm)];
  expect(errors).toHaveLength(1);
  return errors[0]![1]!
    .split(',')
    .filter((property) => /^(?:file|line)=/.test(property))
    .join(' ');
}

test('a smoke test that fails is annotated where it is written', async () => {
  const agent = await givenAgent();
  const env = await checkedOut({
    'smoke.yml': '# What users do.\n- GET /health\n\n- POST /predict:\n    status: 200\n',
  });
  const image = agent.world.publish('v2', { answers: { '/predict': { status: 500 }, '/health': { status: 200 } } });
  const { main } = await agent.deploy({ image, 'smoke-tests': './smoke.yml' }, { env });
  expect(main.outputs['outcome']).toBe('rolled-back');
  expect(placeOf(main.log)).toBe('file=smoke.yml line=4');
});

test.each([
  [
    'a wrong entry of the smoke tests',
    { 'smoke.yml': '- GET /\n- GETT /b\n' },
    { 'smoke-tests': 'smoke.yml' },
    'file=smoke.yml line=2',
  ],
  ['wrong YAML', { 'smoke.yml': '- GET /\n\n- "x\n' }, { 'smoke-tests': 'smoke.yml' }, 'file=smoke.yml line=4'],
  [
    'a wrong line of the environment',
    { 'app.env': 'A=1\n# B\nB 2\n' },
    { 'environment-file': 'app.env' },
    'file=app.env line=3',
  ],
  [
    'a trusted root that is none',
    { 'root.json': '{}' },
    { verify: '- signature: { key: k.pub }', 'trusted-root': 'root.json' },
    'file=root.json line=1',
  ],
  ['what is wrong in the workflow itself', {}, { 'smoke-tests': '- GET /\n- GETT /b\n' }, ''],
])('%s is annotated at its line', async (_what, files, inputs, place) => {
  const agent = await givenAgent();
  const { main } = await agent.deploy(
    { image: agent.world.publish('v2', {}), ...inputs },
    { env: await checkedOut(files) },
  );
  expect(main.outputs['outcome']).toBe('refused');
  expect(placeOf(main.log)).toBe(place);
});

test('an annotation keeps its next step where the cause is longer than GitHub shows', async () => {
  const agent = await givenAgent();
  const names = Array.from({ length: 90 }, (_, index) => `- GETT /${'x'.repeat(60)}${index}`);
  const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), 'smoke-tests': names.join('\n') });
  const [, message = ''] = /^::error .*?::(.*)$/m.exec(main.log) ?? [];
  const text = message.replaceAll('%0A', '\n').replaceAll('%25', '%');
  expect(text.length).toBeLessThanOrEqual(4_096);
  expect(text.length).toBeGreaterThan(4_000);
  expect(text).toMatch(/\n… \d+ characters left out …\n/);
  expect(text).toContain('Next step: Fix the `with:` block of this step.');
  expect(text).toMatch(/^could not use the inputs/);
  // The summary has the whole.
  expect(main.summary).toContain('smoke-tests&#91;89&#93;');
});

/** What GitHub's page of the run shows of a step: the first ten of a kind, cut at 4,096 characters (actions/runner ExecutionContext.cs). */
function shownOf(log: string): Readonly<Record<'error' | 'warning' | 'notice', readonly string[]>> {
  const of = (kind: string): readonly string[] =>
    [...log.matchAll(new RegExp(`^::${kind}(?: .*?)?::(.*)$`, 'gm'))]
      .slice(0, 10)
      .map(([, text]) => text!.replaceAll('%0A', '\n').replaceAll('%25', '%').slice(0, 4_096));
  return { error: of('error'), warning: of('warning'), notice: of('notice') };
}

test('of more warnings and notices than GitHub shows, each is counted, and the cause is among what it shows', async () => {
  const agent = await givenAgent();
  const channels = Array.from({ length: 10 }, (_, index) => `- webhook: https://chat${index}.nowhere.example/hook`);
  const own = Array.from({ length: 14 }, (_, index) => `INPUT_MY${index}SETTING`);
  const { main } = await agent.deploy(
    {
      image: agent.world.publish('v2', { answers: { '/predict': { status: 500 } } }),
      'smoke-tests': '- GET /predict',
      notify: channels.join('\n  on: [started, failed]\n').concat('\n  on: [started, failed]'),
    },
    { env: Object.fromEntries(own.map((name) => [name, 'x'])) },
  );
  expect(main.outputs['outcome']).toBe('rolled-back');
  const { error, warning, notice } = shownOf(main.log);
  expect(error).toEqual([expect.stringContaining('GET /predict')]);
  expect([warning.length, notice.length]).toEqual([10, 10]);
  expect(warning.at(-1)).toMatch(/^5 more warnings, which are in the log too:\n- /);
  expect(notice.at(-1)).toMatch(/^11 more notices, which are in the log too:\n- /);
  for (const name of own) expect(warning.join('\n')).toContain(`${name} is set`);
  const lines = main.log.split('\n').filter((line) => !line.startsWith('::'));
  expect(lines.filter((line) => line.startsWith('Warning: '))).toHaveLength(5);
  expect(lines.filter((line) => line.startsWith('Notice: '))).toHaveLength(11);
  // Those of the end come after the summary is written.
  expect(main.summary).toContain('<summary>Warnings and notices: 24</summary>');
  for (const name of own) expect(main.summary).toContain(name.replace('_', '&#95;'));
});
