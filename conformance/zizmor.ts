import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import {
  completeExample,
  kindOf,
  readBlocks,
  readOwnWorkflows,
  readTemplates,
} from '../__tests__/templates/workflow-texts.ts';
import { runProgram } from './run-program.ts';
import type { Tally } from './tally.ts';

export interface ZizmorReferee {
  readonly program: string;
  readonly tally: Tally;
  readonly directory: string;
}

/** Ours is named by its tag until a release pins it. Everything else has to be a commit. */
const CONFIG = `rules:
  unpinned-uses:
    config:
      policies:
        "org/deploy-agent/*": ref-pin
        "*": hash-pin
`;

const PLANTED = `on: pull_request_target
permissions: write-all
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
        with:
          ref: \${{ github.event.pull_request.head.sha }}
      - run: echo "\${{ github.event.pull_request.title }}"
`;

/** The audits of workflows that GitHub's users run, on those that they copy from here and on our own. */
export async function checkWithZizmor(referee: ZizmorReferee): Promise<void> {
  const { tally } = referee;
  await mkdir(referee.directory, { recursive: true });
  const examples = readBlocks().filter((block) => kindOf(block) === 'workflow');
  const workflows = [...readTemplates(), ...readOwnWorkflows(), ...examples.map(completeExample)];
  await tally.check('zizmor has no finding in templates, workflows and examples', async () => {
    assert.ok(workflows.length > 8, `only ${workflows.length} workflows were found`);
    for (const { name, text } of workflows) assert.equal(await findingsIn(referee, text), '', name);
    return `${workflows.length} workflows`;
  });
  await tally.check('zizmor finds what is planted in one', async () => {
    const said = await findingsIn(referee, PLANTED);
    for (const audit of ['template-injection', 'unpinned-uses', 'artipacked', 'dangerous-triggers']) {
      assert.match(said, new RegExp(`\\[${audit}\\]`));
    }
    return undefined;
  });
}

/** Of medium or high severity; '' where there is none. */
async function findingsIn({ program, directory }: ZizmorReferee, text: string): Promise<string> {
  const [config, file] = ['zizmor.yml', 'workflow.yml'].map((name) => path.join(directory, name)) as [string, string];
  await writeFile(config, CONFIG);
  await writeFile(file, text);
  const flags = ['--offline', '--no-progress', '--format', 'plain', '--min-severity', 'medium', '--config', config];
  const { exitCode, stdout, stderr } = await runProgram(program, [...flags, file], { env: { HOME: directory } });
  return exitCode === 0 ? '' : `${stdout}${stderr}`;
}
