import { cp, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { stringify } from 'yaml';
import {
  type ActionMetadata,
  findMetadata,
  OWN_ACTION,
  parseActionReference,
  versions,
} from '../__tests__/templates/action-metadata.ts';
import { SOURCE } from '../simulators/world.ts';

const root = path.resolve(import.meta.dirname, '..');
const tools = path.join(root, '__tests__/templates/stand-ins/tools');

/** What each does to the rest of the job; nothing where the rest doesn't see it. */
const EFFECTS: Readonly<Record<string, string>> = {
  'actions/setup-python': `echo "${path.join(tools, 'python')}" >> "$GITHUB_PATH"`,
  'docker/login-action': [
    'mkdir -p "$HOME/.docker"',
    `echo '{ "auths": { "${SOURCE.host}": {} } }' > "$HOME/.docker/config.json"`,
    `echo "${path.join(tools, 'docker')}" >> "$GITHUB_PATH"`,
  ].join('\n'),
  'docker/build-push-action': 'echo "digest=$BUILT_DIGEST" >> "$GITHUB_OUTPUT"',
  'aws-actions/configure-aws-credentials': [
    'test "$ROLE" = "arn:aws:iam::123456789012:role/greeter-$GITHUB_JOB"',
    'printf "%s\\n" "$AWS_CREDENTIALS" >> "$GITHUB_ENV"',
  ].join('\n'),
};

/** `owner/name@ref` -> the folder with what act runs for it. */
export async function layOutActions(folder: string): Promise<ReadonlyMap<string, string>> {
  const actions = new Map([[`${OWN_ACTION}@v1`, await copyOwn(path.join(folder, 'own'))]]);
  for (const [name, { sha }] of Object.entries(versions)) {
    const metadata = findMetadata(parseActionReference(`${name}@${sha}`)!);
    if (!metadata || name === 'actions/checkout') continue;
    const own = path.join(folder, name);
    await mkdir(own, { recursive: true });
    await writeFile(path.join(own, 'action.yml'), stringify(compositeOf(name, metadata)));
    actions.set(`${name}@${sha}`, own);
  }
  return actions;
}

/** act copies an action's folder for every job: without it, node_modules too. */
async function copyOwn(folder: string): Promise<string> {
  await cp(path.join(root, 'dist'), path.join(folder, 'dist'), { recursive: true });
  await cp(path.join(root, 'action.yml'), path.join(folder, 'action.yml'));
  return folder;
}

function compositeOf(name: string, { inputs, outputs }: ActionMetadata): object {
  const values = Object.keys(outputs).map((output) => [output, { value: expression(`steps.do.outputs.${output}`) }]);
  return {
    name,
    inputs: Object.fromEntries(
      Object.entries(inputs).map(([input, { default: value }]) => [input, { default: value ?? '' }]),
    ),
    outputs: Object.fromEntries(values),
    runs: {
      using: 'composite',
      steps: [
        { id: 'do', shell: 'bash', env: { ROLE: expression('inputs.role-to-assume') }, run: EFFECTS[name] ?? 'true' },
      ],
    },
  };
}

function expression(text: string): string {
  return `\${{ ${text} }}`;
}
