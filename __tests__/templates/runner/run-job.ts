import { createHash } from 'node:crypto';
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { MappingToken, TemplateToken } from '@actions/workflow-parser/templates/tokens/index';
import { evaluate, evaluateCondition, evaluateText, evaluateTexts, find, type Scope, type Status } from './evaluate.ts';
import { Masks } from './masks.ts';
import type { Permissions } from './permissions.ts';
import { runStep, type StepEnd } from './run-step.ts';
import type { JobPlace } from './stand-in.ts';
import type { WorkflowRun } from './workflow-run.ts';

export type Result = 'success' | 'failure' | 'cancelled' | 'skipped';

export interface JobResult {
  readonly result: Result;
  readonly outputs: Readonly<Record<string, string>>;
}

export interface JobOptions {
  readonly id: string;
  readonly token: MappingToken;
  readonly run: WorkflowRun;
  readonly permissions: Permissions;
  /** `needs`, `inputs`, `vars`, `secrets`, `strategy`, `matrix`. */
  readonly contexts: Readonly<Record<string, unknown>>;
  readonly workflowEnv: TemplateToken | undefined;
}

/** A job on a machine of its own, which is gone afterwards. */
export async function runJob(options: JobOptions): Promise<JobResult> {
  const directory = mkdtempSync(path.join(tmpdir(), 'job-'));
  try {
    const job = new RunningJob(options, directory);
    return await job.finish();
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Its state, as the steps change it. */
export class RunningJob {
  readonly options: JobOptions;
  readonly directory: string;
  readonly place: JobPlace;
  readonly masks = new Masks();
  readonly posts: (() => Promise<void>)[] = [];
  readonly paths: string[] = [];
  readonly env: Record<string, string> = {};
  readonly steps: Record<string, { outputs: Readonly<Record<string, string>>; outcome: Result; conclusion: Result }> =
    {};
  readonly #github: Readonly<Record<string, unknown>>;
  readonly #log: string[] = [];
  #failed = false;

  constructor(options: JobOptions, directory: string) {
    const { id, token, run, permissions } = options;
    this.options = options;
    this.directory = directory;
    const gitHubToken = run.surroundings.tokenFor(permissions);
    const ofEnvironment = options.contexts['secrets'] as Readonly<Record<string, string>>;
    const secrets = { ...run.surroundings.secrets, ...ofEnvironment };
    for (const secret of [gitHubToken, ...Object.values(secrets)]) this.masks.add(secret);
    this.place = {
      id,
      environment: environmentOf(token, this.#outerScope()),
      permissions,
      workspace: path.join(directory, 'workspace'),
      home: path.join(directory, 'home'),
      repository: run.surroundings.name,
      ref: run.surroundings.event.ref,
      sha: String(run.github['sha']),
      left: new Map(),
    };
    for (const folder of [this.place.workspace, this.place.home]) mkdirSync(folder);
    this.#github = { ...run.github, job: id, token: gitHubToken, workspace: this.place.workspace };
    Object.assign(this.env, evaluateTexts(options.workflowEnv, this.scope()));
    Object.assign(this.env, evaluateTexts(find(token, 'env'), this.scope()));
  }

  get status(): Status {
    const { cancelled } = this.options.run;
    return { success: !this.#failed && !cancelled, failure: this.#failed && !cancelled, cancelled };
  }

  /** What a step sees. */
  scope(stepEnv: Readonly<Record<string, string>> = {}): Scope {
    const result = this.#failed ? 'failure' : this.status.cancelled ? 'cancelled' : 'success';
    return {
      contexts: {
        ...this.options.contexts,
        github: this.#github,
        env: { ...this.env, ...stepEnv },
        steps: this.steps,
        job: { status: result },
        runner: { os: 'Linux', arch: 'X64', temp: path.join(this.directory, 'temp'), environment: 'github-hosted' },
      },
      status: this.status,
      hashFiles: (patterns) => hashFiles(this.place.workspace, patterns),
    };
  }

  log(text: string): void {
    this.masks.obey(text);
    this.#log.push(text);
  }

  fail(): void {
    this.#failed = true;
  }

  /** Runs all of it, and says how it ended. */
  async finish(): Promise<JobResult> {
    const { id, token, run } = this.options;
    const steps = find(token, 'steps')?.assertSequence('steps') ?? [];
    for (const [index, step] of [...steps].entries()) await this.#runOne(step.assertMapping('a step'), index);
    for (const post of this.posts.toReversed()) await post();
    const outputs = this.#outputs(find(token, 'outputs'));
    const result = run.cancelled ? 'cancelled' : this.#failed ? 'failure' : 'success';
    if (this.place.environment !== null) {
      const url = evaluateText(find(find(token, 'environment'), 'url'), this.scope());
      run.deployments.push({ environment: this.place.environment, url: this.masks.hide(url), state: result });
    }
    run.logs.set(id, this.masks.hide(this.#log.join('\n')));
    return { result, outputs };
  }

  async #runOne(step: MappingToken, index: number): Promise<void> {
    const id = find(step, 'id')?.toString() ?? `__${index}`;
    if (!evaluateCondition(find(step, 'if'), this.scope())) {
      this.steps[id] = { outputs: {}, outcome: 'skipped', conclusion: 'skipped' };
      return;
    }
    this.log(`##[group]Run ${find(step, 'name') ?? find(step, 'uses') ?? find(step, 'run')}`);
    const end = await runStep(this, step).catch(
      (error: Error): StepEnd => ({ ok: false, log: `::error::${error.message}` }),
    );
    this.log(end.log);
    const outcome: Result = this.options.run.cancelled ? 'cancelled' : end.ok ? 'success' : 'failure';
    const goesOn = evaluate(find(step, 'continue-on-error'), this.scope()) === true;
    this.steps[id] = {
      outputs: end.outputs ?? {},
      outcome,
      conclusion: goesOn && outcome === 'failure' ? 'success' : outcome,
    };
    if (outcome === 'failure' && !goesOn) this.fail();
    const { summaries } = this.options.run;
    summaries.set(this.place.id, (summaries.get(this.place.id) ?? '') + (end.summary ?? ''));
  }

  #outerScope(): Scope {
    return { contexts: { ...this.options.contexts, github: this.options.run.github }, status: this.status };
  }

  /** https://github.com/actions/runner/blob/main/src/Runner.Worker/JobExtension.cs: dropped, with a warning only. */
  #outputs(token: TemplateToken | undefined): Record<string, string> {
    const all = Object.entries(evaluateTexts(token, this.scope()));
    const kept = all.filter(([name, value]) => {
      const dropped = this.masks.occursIn(value);
      if (dropped) this.log(`##[warning]Skip output '${name}' since it may contain secret.`);
      return !dropped && value !== '';
    });
    return Object.fromEntries(kept);
  }
}

/** null: the job has none. */
export function environmentOf(token: MappingToken, scope: Scope): string | null {
  const environment = find(token, 'environment');
  if (!environment) return null;
  return evaluateText(find(environment, 'name') ?? environment, scope);
}

function hashFiles(folder: string, patterns: readonly string[]): string {
  const files = patterns.flatMap((pattern) => globSync(pattern, { cwd: folder })).sort();
  if (files.length === 0) return '';
  return files
    .reduce((hash, file) => hash.update(readFileSync(path.join(folder, file))), createHash('sha256'))
    .digest('hex');
}
