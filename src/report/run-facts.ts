import { readEvent } from '../io/event.ts';
import type { Io } from '../io/io.ts';
import { formatImageName, parseImageName } from '../model/image.ts';
import { textAt, valueAt } from '../model/json.ts';
import { mapTexts } from '../model/map-texts.ts';

/** What was started, by whom and where, as GitHub tells it. null: not told, or not in the form that GitHub documents. */
export interface RunFacts {
  readonly repository: string | null;
  readonly repositoryUrl: string | null;
  /** 40 or 64 hex digits. */
  readonly commit: string | null;
  /** First line of the commit's message; only some events have it. */
  readonly commitMessage: string | null;
  /** When it was committed, in UTC (ISO 8601); only some events have it. */
  readonly committedAt: string | null;
  /** That the environment had before, as GitHub's deployments say. */
  readonly previousCommit: string | null;
  readonly ref: string | null;
  readonly actor: string | null;
  readonly environment: string | null;
  /** The page of this attempt, with its log. */
  readonly runUrl: string | null;
  /** Tells uses of the action in one job apart: the `id` of the step, or a name that the runner makes. */
  readonly step: string | null;
  /** What the inputs name, for a run that was refused before it knew more. */
  readonly requested: {
    readonly image: string | null;
    readonly service: string | null;
    /** The service's own short name, the last part of a longer one: `agent` of `deployment/agent`. */
    readonly name: string | null;
  };
}

/** Outside of GitHub Actions, and for what is not told. */
export const noRunFacts: RunFacts = {
  ...{
    repository: null,
    repositoryUrl: null,
    commit: null,
    commitMessage: null,
    committedAt: null,
    previousCommit: null,
    ref: null,
    actor: null,
  },
  ...{ environment: null, runUrl: null, step: null, requested: { image: null, service: null, name: null } },
};

const REPOSITORY = /^[\w.-]+\/[\w.-]+$/;
const COMMIT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;
const SERVICE = /^[\w./-]{1,200}$/;
const NAME = /^[\w.-]{1,100}$/;
const ENVIRONMENT = /^\S(?:[^\r\n]{0,253}\S)?$/;
const NUMBER = /^\d{1,20}$/;

/** Without secrets that people wrote into them; the rest are names of GitHub. */
export function readSafeRunFacts(
  io: Pick<Io, 'env' | 'files' | 'log'>,
  previousCommit: string | null = null,
): RunFacts {
  const run = readRunFacts(io);
  const { commitMessage, environment, requested } = run;
  const safe = mapTexts({ commitMessage, environment, requested }, io.log.redact);
  return { ...run, ...safe, previousCommit: matching(previousCommit ?? undefined, COMMIT) };
}

export function readRunFacts(io: Pick<Io, 'env' | 'files'>): RunFacts {
  const { env } = io;
  const event = readEvent(io);
  const { commit, message, time } = findCommit(event, env);
  const repository = matching(env['GITHUB_REPOSITORY'], REPOSITORY);
  const repositoryUrl = repository && serverOf(env) ? `${serverOf(env)}/${repository}` : null;
  return {
    ...{ repository, repositoryUrl, commit: matching(commit, COMMIT) },
    commitMessage: message.split(/[\r\n]/)[0]?.trim() || null,
    committedAt: toTime(time),
    previousCommit: null,
    ref: env['GITHUB_REF_NAME'] || null,
    actor: env['GITHUB_TRIGGERING_ACTOR'] || env['GITHUB_ACTOR'] || null,
    environment: environmentOf(env, event),
    runUrl: repositoryUrl && runUrlOf(env, repositoryUrl),
    step: env['GITHUB_ACTION'] || null,
    requested: requestedBy(env),
  };
}

interface FoundCommit {
  readonly commit: string | undefined;
  readonly message: string;
  /** ISO 8601, in any zone; '': not told. */
  readonly time: string;
}

/** After another workflow the commit is that workflow's: GITHUB_SHA is the last one of the default branch. */
function findCommit(event: unknown, env: Io['env']): FoundCommit {
  if (env['GITHUB_EVENT_NAME'] === 'workflow_run') {
    const commit = textAt(event, 'workflow_run', 'head_sha');
    const head = valueAt(event, 'workflow_run', 'head_commit');
    return { commit, message: textAt(head, 'message'), time: textAt(head, 'timestamp') };
  }
  const commit = env['GITHUB_SHA'];
  const head = valueAt(event, 'head_commit');
  const isHead = textAt(head, 'id') === commit;
  return { commit, message: isHead ? textAt(head, 'message') : '', time: isHead ? textAt(head, 'timestamp') : '' };
}

function toTime(text: string): string | null {
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? null : new Date(ms).toISOString();
}

function runUrlOf(env: Io['env'], repositoryUrl: string): string | null {
  const run = matching(env['GITHUB_RUN_ID'], NUMBER);
  const attempt = matching(env['GITHUB_RUN_ATTEMPT'], NUMBER);
  return run && `${repositoryUrl}/actions/runs/${run}${attempt ? `/attempts/${attempt}` : ''}`;
}

function serverOf(env: Io['env']): string | null {
  return matching(env['GITHUB_SERVER_URL'], /^https?:\/\/[\w.:-]+$/);
}

/** Only an image that can be read as one: anything else may be a password that went to the wrong input. */
function requestedBy(env: Io['env']): RunFacts['requested'] {
  const service = env['INPUT_SERVICE']?.trim() || env['INPUT_WORKLOAD']?.trim() || undefined;
  const workload = env['INPUT_WORKLOAD']?.trim() || service;
  return {
    image: tryFormat(env['INPUT_IMAGE']?.trim() ?? ''),
    service: matching(service, SERVICE),
    name: matching(workload?.split(/[/:]/).at(-1), NAME),
  };
}

/** GitHub does not tell a step the `environment:` of its job. */
function environmentOf(env: Io['env'], event: unknown): string | null {
  const given = env['INPUT_ENVIRONMENT']?.trim() || env['INPUT_GITHUB-DEPLOYMENT']?.trim();
  return matching(given || textAt(event, 'deployment', 'environment'), ENVIRONMENT);
}

function tryFormat(image: string): string | null {
  try {
    return formatImageName(parseImageName(image));
  } catch {
    return null;
  }
}

function matching(text: string | undefined, pattern: RegExp): string | null {
  return text !== undefined && pattern.test(text) ? text : null;
}
