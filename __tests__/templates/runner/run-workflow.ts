import type { MappingToken } from '@actions/workflow-parser/templates/tokens/index';
import { entriesOf, evaluate, evaluateCondition, evaluateTexts, find, type Scope, type Status } from './evaluate.ts';
import { expandMatrix } from './matrix.ts';
import { Permissions } from './permissions.ts';
import { readWorkflow } from './read-workflow.ts';
import { environmentOf, type JobResult, type Result, runJob } from './run-job.ts';
import { type Surroundings, WorkflowRun } from './workflow-run.ts';

export interface WorkflowResult {
  readonly run: WorkflowRun;
  readonly conclusion: Result;
  readonly jobs: Readonly<Record<string, JobResult>>;
}

interface Called {
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly secrets: Readonly<Record<string, string>>;
  /** null: it is not called by another. */
  readonly caller: { readonly id: string; readonly permissions: Permissions } | null;
}

interface Workflow extends Called {
  readonly run: WorkflowRun;
  readonly token: MappingToken;
  readonly results: Map<string, JobResult>;
}

/** Runs a workflow as GitHub does, as far as our templates go: one job after the other, on this machine. */
export async function runWorkflow(text: string, surroundings: Surroundings): Promise<WorkflowResult> {
  const run = new WorkflowRun(surroundings);
  const { secrets = {}, event } = surroundings;
  const called = { inputs: event.inputs ?? {}, secrets, caller: null };
  const jobs = await runAll(run, { name: 'workflow', text, called });
  return { run, jobs: Object.fromEntries(jobs), conclusion: conclude(run, [...jobs.values()]) };
}

async function runAll(
  run: WorkflowRun,
  { name, text, called }: { readonly name: string; readonly text: string; readonly called: Called },
): Promise<ReadonlyMap<string, JobResult>> {
  const token = await readWorkflow(name, text);
  const workflow: Workflow = { run, token, results: new Map(), ...called };
  for (const [id, job] of inOrder(entriesOf(find(token, 'jobs')))) {
    workflow.results.set(id, await runOne(workflow, id, job));
  }
  return workflow.results;
}

/** Each after all that it needs. GitHub's parser has refused circles. */
function inOrder(jobs: readonly (readonly [string, MappingToken])[]): typeof jobs {
  const done: (readonly [string, MappingToken])[] = [];
  while (done.length < jobs.length) {
    const ready = jobs.find(
      (job) => !done.includes(job) && needsOf(job[1]).every((id) => done.some(([other]) => other === id)),
    );
    done.push(ready!);
  }
  return done;
}

function needsOf(job: MappingToken): readonly string[] {
  const needs = evaluate(find(job, 'needs'), {
    contexts: {},
    status: { success: true, failure: false, cancelled: false },
  });
  return needs === undefined ? [] : [needs].flat().map(String);
}

async function runOne(workflow: Workflow, id: string, job: MappingToken): Promise<JobResult> {
  const scope = scopeOf(workflow, job);
  if (!evaluateCondition(find(job, 'if'), scope)) {
    return { result: workflow.run.cancelled ? 'cancelled' : 'skipped', outputs: {} };
  }
  evaluate(find(job, 'concurrency'), scope);
  const matrix = evaluate(find(find(job, 'strategy'), 'matrix'), scope) as Record<string, unknown> | undefined;
  const results: JobResult[] = [];
  for (const combination of expandMatrix(matrix))
    results.push(await runCombination(workflow, { id, job, combination }));
  const outputs = Object.assign({}, ...results.map((each) => each.outputs)) as Record<string, string>;
  return { result: conclude(workflow.run, results), outputs };
}

async function runCombination(
  workflow: Workflow,
  { id, job, combination }: { readonly id: string; readonly job: MappingToken; readonly combination: object },
): Promise<JobResult> {
  const { run, token, caller } = workflow;
  const scope = scopeOf(workflow, job);
  const contexts = { ...scope.contexts, matrix: combination, strategy: { 'job-index': 0 } };
  const permissions = permissionsOf(workflow, id, job);
  run.permissions.set(caller ? `${caller.id} / ${id}` : id, permissions);
  const uses = find(job, 'uses')?.toString();
  if (uses !== undefined) return call(workflow, { id, job, uses, permissions });
  const environment = environmentOf(job, { ...scope, contexts });
  if (environment !== null && !run.surroundings.approve(environment)) return { result: 'failure', outputs: {} };
  const secrets = {
    ...workflow.secrets,
    ...(environment === null ? {} : run.surroundings.environmentSecrets?.(environment)),
  };
  const vars = {
    ...run.surroundings.vars,
    ...(environment === null ? {} : run.surroundings.environmentVars?.(environment)),
  };
  const complete = { ...contexts, secrets, vars };
  return runJob({ id, token: job, run, permissions, contexts: complete, workflowEnv: find(token, 'env') });
}

/** `env` of the caller does not reach a called workflow, nor do secrets that it doesn't name. */
async function call(
  workflow: Workflow,
  { id, job, uses, permissions }: { id: string; job: MappingToken; uses: string; permissions: Permissions },
): Promise<JobResult> {
  const { run } = workflow;
  const text = run.surroundings.findWorkflow?.(uses);
  if (text === undefined) throw new Error(`could not find the workflow ${uses}`);
  const scope = scopeOf(workflow, job);
  const token = await readWorkflow(uses, text);
  const head = find(find(token, 'on'), 'workflow_call');
  const inputs = inputsOf(find(head, 'inputs')?.assertMapping('inputs'), evaluate(find(job, 'with'), scope) ?? {});
  const secrets = evaluateTexts(find(job, 'secrets'), scope);
  const results = await runAll(run, { name: uses, text, called: { inputs, secrets, caller: { id, permissions } } });
  const jobs = Object.fromEntries([...results].map(([name, { outputs, result }]) => [name, { outputs, result }]));
  const outputs = Object.entries(
    (find(head, 'outputs') ? evaluate(find(head, 'outputs'), { ...scope, contexts: { jobs } }) : {}) as object,
  );
  return {
    result: conclude(run, [...results.values()]),
    outputs: Object.fromEntries(outputs.map(([name, { value }]) => [name, String(value)])),
  };
}

function inputsOf(declared: MappingToken | undefined, given: object): Record<string, unknown> {
  const names = declared ? [...declared].map(({ key }) => key.toString()) : [];
  const unknown = Object.keys(given).filter((name) => !names.includes(name));
  if (unknown.length > 0)
    throw new Error(`Invalid input, ${unknown.join(', ')} is not defined in the referenced workflow`);
  return Object.fromEntries(
    names.map((name) => {
      const input = find(declared, name);
      const plain = { contexts: {}, status: { success: true, failure: false, cancelled: false } };
      const value = (given as Record<string, unknown>)[name] ?? evaluate(find(input, 'default'), plain);
      if (value === undefined && evaluate(find(input, 'required'), plain) === true)
        throw new Error(`Input ${name} is required`);
      return [name, value ?? ''];
    }),
  );
}

function permissionsOf({ token, caller }: Workflow, id: string, job: MappingToken): Permissions {
  const own = find(job, 'permissions') ?? find(token, 'permissions');
  const value = own && evaluate(own, { contexts: {}, status: { success: true, failure: false, cancelled: false } });
  if (caller && own === undefined) return caller.permissions;
  const permissions = new Permissions(id, value);
  return caller ? permissions.within(caller.permissions) : permissions;
}

function scopeOf({ run, results, inputs, secrets }: Workflow, job: MappingToken): Scope {
  const needs = Object.fromEntries(needsOf(job).map((id) => [id, results.get(id)!]));
  return {
    contexts: { github: run.github, needs, inputs, secrets, vars: run.surroundings.vars ?? {} },
    status: statusOf(run, Object.values(needs)),
  };
}

/** Skipped jobs keep those that need them from running too. */
function statusOf(run: WorkflowRun, needs: readonly JobResult[]): Status {
  return {
    success: !run.cancelled && needs.every(({ result }) => result === 'success'),
    failure: !run.cancelled && needs.some(({ result }) => result === 'failure'),
    cancelled: run.cancelled,
  };
}

function conclude(run: WorkflowRun, results: readonly JobResult[]): Result {
  if (results.some(({ result }) => result === 'failure')) return 'failure';
  if (run.cancelled && results.some(({ result }) => result === 'cancelled')) return 'cancelled';
  return results.length > 0 && results.every(({ result }) => result === 'skipped') ? 'skipped' : 'success';
}
