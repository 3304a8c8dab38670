import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { isMap, isScalar, parseDocument, visit } from 'yaml';
import {
  completeExample,
  kindOf,
  readBlocks,
  readOwnWorkflows,
  readTemplates,
} from '../__tests__/templates/workflow-texts.ts';
import { setupScripts } from '../scripts/setup-scripts.ts';
import { runProgram } from './run-program.ts';
import type { Tally } from './tally.ts';

export interface ShellcheckReferee {
  readonly program: string;
  readonly tally: Tally;
  readonly directory: string;
}

interface Script {
  /** `workflow-templates/deploy-ecs.yml: docker pull …`. */
  readonly name: string;
  readonly text: string;
}

const root = path.resolve(import.meta.dirname, '..');
const OWN_SCRIPTS = [
  '.ci/run',
  'conformance/install',
  'conformance/act',
  ...Object.values(setupScripts),
  '__tests__/setup/recorder.sh',
  ...['pip', 'pipx', 'ruff', 'mypy', 'pytest'].map((name) => `__tests__/templates/stand-ins/tools/python/${name}`),
  ...['npm', 'corepack', 'pnpm'].map((name) => `__tests__/templates/stand-ins/tools/node/${name}`),
  ...['docker', 'go'].map((name) => `__tests__/templates/stand-ins/tools/docker/${name}`),
];

/** Every script that GitHub or we give to bash. */
export async function checkWithShellcheck(referee: ShellcheckReferee): Promise<void> {
  const { tally } = referee;
  await mkdir(referee.directory, { recursive: true });
  const examples = readBlocks().filter((block) => ['workflow', 'steps'].includes(kindOf(block) ?? ''));
  const workflows = [...readTemplates(), ...readOwnWorkflows(), ...examples.map(completeExample)];
  const steps = workflows.flatMap(({ name, text }) => scriptsOf(name, text));
  await tally.check('shellcheck has no finding in the scripts of templates, workflows and examples', async () => {
    assert.ok(steps.length > 10, `only ${steps.length} scripts were found`);
    await ensureClean(referee, steps);
    return `${steps.length} scripts`;
  });
  await tally.check('shellcheck has no finding in our own scripts', async () => {
    const scripts = OWN_SCRIPTS.map(async (name) => ({ name, text: await readFile(path.join(root, name), 'utf8') }));
    await ensureClean(referee, await Promise.all(scripts));
    return `${OWN_SCRIPTS.length} scripts`;
  });
  await tally.check('shellcheck finds the missing quotes in a planted script', async () => {
    const planted = scriptsOf('planted', 'jobs: { a: { steps: [{ run: "rm -rf $FOLDER/*" }] } }');
    await assert.rejects(ensureClean(referee, planted), /SC2086|SC2115/);
    return undefined;
  });
}

/** What stands under `run` in any step. */
function scriptsOf(name: string, text: string): readonly Script[] {
  const scripts: Script[] = [];
  visit(parseDocument(text), {
    Pair(_key, pair, ancestors) {
      const inStep = ancestors.some((node) => 'key' in node && isScalar(node.key) && node.key.value === 'steps');
      if (!inStep || !isScalar(pair.key) || pair.key.value !== 'run' || isMap(pair.value)) return;
      const script = String(pair.value);
      scripts.push({ name: `${name}: ${script.split('\n')[0]}`, text: `#!/usr/bin/env bash\nset -e\n${script}` });
    },
  });
  return scripts;
}

async function ensureClean({ program, directory }: ShellcheckReferee, scripts: readonly Script[]): Promise<void> {
  const said: string[] = [];
  for (const { name, text } of scripts) {
    const file = path.join(directory, 'script');
    await writeFile(file, text);
    const { exitCode, stdout } = await runProgram(program, ['--severity=style', '--format=gcc', file]);
    if (exitCode !== 0) said.push(`${name}\n${stdout.replaceAll(file, '  line')}`);
  }
  assert.equal(said.join('\n'), '');
}
