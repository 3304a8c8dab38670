import type { ChildProcess } from 'node:child_process';
import { cancel } from '../../../simulators/runner.ts';
import type { Permissions } from './permissions.ts';
import type { StandIn } from './stand-in.ts';

/** What is around a run: GitHub's side of it, and the machines that its jobs get. */
export interface Surroundings {
  /** Folder with the repository at the commit that runs; actions/checkout copies it. */
  readonly repository: string;
  /** `acme/agent`. */
  readonly name: string;
  readonly event: {
    readonly name: string;
    readonly ref: string;
    readonly payload?: object;
    /** Of workflow_dispatch. */
    readonly inputs?: Readonly<Record<string, string>>;
  };
  readonly secrets?: Readonly<Record<string, string>>;
  /** Which only jobs of this environment get. */
  readonly environmentSecrets?: (environment: string) => Readonly<Record<string, string>>;
  readonly vars?: Readonly<Record<string, string>>;
  /** Which only jobs of this environment get. */
  readonly environmentVars?: (environment: string) => Readonly<Record<string, string>>;
  /** By `owner/repository/folder`. */
  readonly standIns: Readonly<Record<string, StandIn>>;
  /** Of every process of a job of this environment (null: none): the way to the network. */
  readonly network: (environment: string | null) => Readonly<Record<string, string>>;
  /** Of an action in a job that may write `id-token`: where it gets the job's token, and how often it was asked for. */
  readonly oidc: (environment: string) => {
    readonly env: Readonly<Record<string, string>>;
    readonly asked: () => number;
  };
  /** In front of every PATH: programs that runner images have. */
  readonly tools: string;
  /** `github.token` of a job that may do this. */
  readonly tokenFor: (permissions: Permissions) => string;
  /** A job of this environment needs an approval before it starts. */
  readonly approve: (environment: string) => boolean;
  /** Path of a called workflow -> its text. */
  readonly findWorkflow?: (uses: string) => string;
  /** A script has started. */
  readonly onScript?: (job: string, run: WorkflowRun) => void;
  /** Our action's main process has started. */
  readonly onMain?: (job: string, child: ChildProcess, run: WorkflowRun) => void;
}

export interface Deployment {
  readonly environment: string;
  readonly url: string;
  readonly state: string;
}

/** One run of a workflow, from the push to its last job. */
export class WorkflowRun {
  readonly surroundings: Surroundings;
  readonly github: Readonly<Record<string, unknown>>;
  readonly deployments: Deployment[] = [];
  /** What each job's steps printed, masked. */
  readonly logs = new Map<string, string>();
  readonly summaries = new Map<string, string>();
  /** Permissions that a job was given, and those that it needed. */
  readonly permissions = new Map<string, Permissions>();
  #cancelled = false;
  #child: ChildProcess | null = null;

  constructor(surroundings: Surroundings) {
    const { name, event } = surroundings;
    this.surroundings = surroundings;
    this.github = {
      event_name: event.name,
      event: { repository: { default_branch: 'main', private: false }, ...event.payload },
      ref: event.ref,
      ref_name: event.ref.replace(/^refs\/(heads|tags)\//, ''),
      ref_type: event.ref.startsWith('refs/tags/') ? 'tag' : 'branch',
      sha: '9fceb02d0ae598e95dc970b74767f19372d61af8',
      repository: name,
      repository_owner: name.split('/')[0],
      actor: 'octocat',
      triggering_actor: 'octocat',
      run_id: '4711',
      run_number: '1',
      run_attempt: '1',
      server_url: 'https://github.com',
      api_url: 'https://api.github.com',
      workflow: 'Deploy',
    };
  }

  get cancelled(): boolean {
    return this.#cancelled;
  }

  /** The process of the step that runs; null: it has ended. */
  watch(child: ChildProcess): void {
    this.#child = child;
    child.once('exit', () => {
      if (this.#child === child) this.#child = null;
    });
  }

  /** As the button does: SIGINT, 7.5 s, SIGTERM, 2.5 s, SIGKILL for the step that runs; its job's post steps follow. */
  cancel(): void {
    this.#cancelled = true;
    if (this.#child) cancel(this.#child);
  }
}
