import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { MappingToken } from '@actions/workflow-parser/templates/tokens/index';
import { parse } from 'yaml';
import { runStage } from '../../../simulators/runner.ts';
import { type ActionMetadata, findMetadata, OWN_ACTION, parseActionReference } from '../action-metadata.ts';
import { evaluateText, evaluateTexts, find } from './evaluate.ts';
import type { RunningJob } from './run-job.ts';
import { runScript } from './run-script.ts';

export interface StepEnd {
  readonly ok: boolean;
  readonly log: string;
  readonly outputs?: Readonly<Record<string, string>>;
  readonly summary?: string;
}

interface ActionStep {
  readonly uses: string;
  readonly metadata: ActionMetadata;
  readonly inputs: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
}

const root = path.resolve(import.meta.dirname, '../../..');

export async function runStep(job: RunningJob, step: MappingToken): Promise<StepEnd> {
  const stepEnv = evaluateTexts(find(step, 'env'), job.scope());
  const uses = find(step, 'uses')?.toString();
  if (uses === undefined) return runCommand(job, step, stepEnv);
  const metadata = metadataOf(uses);
  const given = evaluateTexts(find(step, 'with'), job.scope(stepEnv));
  const action: ActionStep = { uses, metadata, inputs: withDefaults(job, metadata, given), env: stepEnv };
  return isOwn(uses) ? runOwn(job, action) : runStandIn(job, action);
}

async function runCommand(job: RunningJob, step: MappingToken, stepEnv: Record<string, string>): Promise<StepEnd> {
  const scope = job.scope(stepEnv);
  const folder = evaluateText(find(step, 'working-directory'), scope);
  // Programs that a script starts live on real time.
  const { NODE_OPTIONS: _, SIM_CLOCK_PORT: __, ...env } = environmentOf(job, stepEnv);
  const end = await runScript({
    script: evaluateText(find(step, 'run'), scope),
    shell: evaluateText(find(step, 'shell'), scope),
    directory: job.directory,
    cwd: path.join(job.place.workspace, folder),
    env,
    onStart(child) {
      job.options.run.watch(child);
      job.options.run.surroundings.onScript?.(job.place.id, job.options.run);
    },
  });
  Object.assign(job.env, end.env);
  return { ok: end.exitCode === 0, ...end };
}

/** As dist/ has it, in a process of its own; its post step is queued whatever becomes of it. */
async function runOwn(job: RunningJob, { metadata, inputs, env: stepEnv }: ActionStep): Promise<StepEnd> {
  const { run, permissions } = job.options;
  if (inputs['registry-password'] === run.surroundings.tokenFor(permissions)) permissions.allows('packages', 'read');
  const stage = (entry: string) => ({
    entry: path.join(root, entry),
    inputs,
    env: { ...(permissions.granted['id-token'] === 'write' ? oidc?.env : {}), ...environmentOf(job, stepEnv) },
    workspace: job.place.workspace,
    directory: job.directory,
  });
  const oidc = job.place.environment === null ? null : run.surroundings.oidc(job.place.environment);
  const askedBefore = oidc?.asked();
  let state: Readonly<Record<string, string>> = {};
  job.posts.push(async () => {
    const post = await runStage({ ...stage(String(metadata.runs.post)), state });
    job.log(post.log);
    if (post.exitCode !== 0) job.fail();
    run.summaries.set(job.place.id, (run.summaries.get(job.place.id) ?? '') + post.summary);
  });
  const main = await runStage({
    ...stage(String(metadata.runs.main)),
    onStart: (child) => {
      run.watch(child);
      run.surroundings.onMain?.(job.place.id, child, run);
    },
  });
  state = main.state;
  if (oidc && oidc.asked() > askedBefore!) permissions.allows('id-token', 'write');
  return { ok: main.exitCode === 0, log: main.log, outputs: main.outputs, summary: main.summary };
}

async function runStandIn(job: RunningJob, { uses, metadata, inputs, env: stepEnv }: ActionStep): Promise<StepEnd> {
  const reference = parseActionReference(uses)!;
  const name = [reference.repository, ...(reference.folder === '' ? [] : [reference.folder])].join('/');
  const standIn = job.options.run.surroundings.standIns[name];
  if (!standIn) throw new Error(`${name} has no stand-in`);
  const {
    outputs = {},
    env = {},
    path: folder,
    masks = [],
    post,
  } = await standIn({
    job: job.place,
    inputs,
    env: { ...job.env, ...stepEnv },
  });
  const strange = Object.keys(outputs).filter((output) => !(output in metadata.outputs));
  if (strange.length > 0) throw new Error(`${name} has no output ${strange.join(', ')}`);
  for (const mask of masks) job.masks.add(mask);
  Object.assign(job.env, env);
  if (folder) job.paths.unshift(folder);
  if (post) job.posts.push(async () => post());
  return { ok: true, log: '', outputs };
}

function isOwn(uses: string): boolean {
  return uses === './' || uses.startsWith(`${OWN_ACTION}@`);
}

function metadataOf(uses: string): ActionMetadata {
  if (isOwn(uses)) return parse(readFileSync(path.join(root, 'action.yml'), 'utf8')) as ActionMetadata;
  const reference = parseActionReference(uses);
  const metadata = reference && findMetadata(reference);
  if (!metadata) throw new Error(`Unable to resolve action ${uses}`);
  return metadata;
}

/** The runner hands over every input that action.yml names, an empty one where nothing was given. */
function withDefaults(job: RunningJob, metadata: ActionMetadata, given: Record<string, string>) {
  const defaults = Object.entries(metadata.inputs).map(([name, input]) => [name, defaultOf(job, input.default ?? '')]);
  return { ...(Object.fromEntries(defaults) as Record<string, string>), ...given };
}

/** The only expression that the defaults of actions in our table have, apart from the path of a cache. */
function defaultOf(job: RunningJob, text: string): string {
  const { token, repository, workspace } = job.scope().contexts['github'] as Record<string, string>;
  const values: Readonly<Record<string, string>> = { token: token!, repository: repository!, workspace: workspace! };
  return text.replace(/\$\{\{ ?github\.(\w+) ?\}\}/g, (whole, name: string) => values[name] ?? whole);
}

function environmentOf(job: RunningJob, stepEnv: Readonly<Record<string, string>>): Record<string, string> {
  const { run } = job.options;
  const gitHub = Object.entries(run.github).filter(([, value]) => typeof value === 'string');
  return {
    HOME: job.place.home,
    LANG: 'C.UTF-8',
    CI: 'true',
    GITHUB_ACTIONS: 'true',
    ...Object.fromEntries(gitHub.map(([name, value]) => [`GITHUB_${name.toUpperCase()}`, String(value)])),
    GITHUB_JOB: job.place.id,
    GITHUB_WORKSPACE: job.place.workspace,
    GITHUB_WORKFLOW_REF: `${job.place.repository}/.github/workflows/deploy.yml@${job.place.ref}`,
    ...run.surroundings.network(job.place.environment),
    ...job.env,
    ...stepEnv,
    PATH: [...job.paths, run.surroundings.tools, process.env['PATH'] ?? ''].join(path.delimiter),
  };
}
