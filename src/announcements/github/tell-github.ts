import { explainGitHubError, type GitHubApi, openGitHubApi } from '../../github/api.ts';
import { isWithoutTraffic } from '../../inputs/rollout-inputs.ts';
import { readStepInputs } from '../../inputs/step-inputs.ts';
import { readEvent } from '../../io/event.ts';
import type { Io } from '../../io/io.ts';
import type { GitHubOptions } from '../../model/announcement.ts';
import { listAt, numberAt, textAt, tryParseJson, valueAt } from '../../model/json.ts';
import type { RunRecord } from '../../model/outcome.ts';
import { joinSentences } from '../../model/sentences.ts';
import type { Evidence } from '../../report/evidence.ts';
import type { RunFacts } from '../../report/run-facts.ts';
import { artifactRecordOf, writeArtifactRecord } from './artifact-record.ts';
import { endCheck, startCheck } from './check.ts';
import { type ReviewedKind, writeComment } from './comment.ts';
import { endDeployment, startDeployment } from './deployment.ts';

/** Name of the state that says what this run has begun on GitHub. */
const STATE = 'github';

/** What a run has begun on GitHub. */
export interface StartedOnGitHub {
  /** ID of the deployment; null: there is none, or the job's own `environment:` has made it. */
  readonly deployment: number | null;
  /** ID of the check run; null: none is in progress. */
  readonly check: number | null;
  /** A notice has said that the check could not be written. */
  readonly isCheckRefused: boolean;
  /** That the environment had before; null: not known. */
  readonly previousCommit: string | null;
}

/** Runs it within the time that there is for this. */
type Within = <T>(body: (signal: AbortSignal) => Promise<T>) => Promise<T>;

interface Telling {
  readonly io: Io;
  readonly within: Within;
  readonly token: string;
}

interface Start {
  readonly options: GitHubOptions;
  readonly record: RunRecord;
  readonly run: RunFacts;
  readonly isPreview: boolean;
  readonly io: Io;
  readonly within: Within;
}

/** null: nothing was begun. */
export async function startOnGitHub({
  options,
  record,
  run,
  isPreview,
  io,
  within,
}: Start): Promise<StartedOnGitHub | null> {
  const { deployment: environment, check: kind, token } = options;
  const telling = { io, within, token };
  const commit = run.commit;
  const shownAt = findHead(readEvent(io), run);
  const begun: { deployment?: number; check?: number } = {};
  // At once: a job that is cancelled now is ended by the post step, which knows what was saved.
  const note = (what: typeof begun): void => io.state.save(STATE, JSON.stringify(Object.assign(begun, what)));
  const noteId = (id: number): void => note({ deployment: id });
  const event = io.env['GITHUB_EVENT_NAME'] ?? '';
  const recordDeployment = async () => {
    if (environment === null || commit === null) return null;
    const started = await tell('record the deployment', 'deployments: write', telling, (api) =>
      startDeployment(api, { environment, commit, record, run, isPreview, event, noteId }),
    );
    if (started && started.id === null)
      io.log.info(`The job’s own \`environment:\` has recorded a deployment to ${environment} already.`);
    return started;
  };
  const showCheck = async () => {
    if (kind === 'none' || shownAt === null) return { isCheckRefused: false };
    const started = await tell(`write the ${kind}`, permissionOf(kind), telling, async (api) => ({
      id: await startCheck(api, kind, { commit: shownAt, record, run, reviewed: isPreview ? 'preview' : null }),
    }));
    if (started?.id) note({ check: started.id });
    return { isCheckRefused: started === null };
  };
  const [deployment, check] = await Promise.all([recordDeployment(), showCheck()]);
  return {
    ...{ deployment: begun.deployment ?? null, check: begun.check ?? null },
    ...check,
    previousCommit: deployment?.previousCommit ?? null,
  };
}

interface End {
  readonly options: GitHubOptions;
  /** What this process has begun; null: what an earlier one saved counts. */
  readonly started: StartedOnGitHub | null;
  readonly evidence: Evidence;
  readonly io: Io;
  readonly within: Within;
}

/** Each of them by itself: what one may not do, another may. */
export async function endOnGitHub({ options, started, evidence, io, within }: End): Promise<void> {
  const { token, comment, check, artifactRecord } = options;
  const { outcome, run } = evidence;
  const telling = { io, within, token };
  const event = readEvent(io);
  const saved = tryParseJson(io.state.read(STATE));
  const deployment = started?.deployment ?? numberAt(saved, 'deployment');
  const checkId = started?.check ?? (numberAt(saved, 'check') || null);
  const number = findPullRequest(event);
  const commit = findHead(event, run);
  // A job that was cancelled before it changed anything has found out nothing.
  const isEmpty = outcome.kind === 'refused' && outcome.failure?.code === 'CANCELLED';
  const reviewed = reviewedKindOf(io);
  const artifact = artifactRecord ? artifactRecordOf(evidence) : null;
  const parts: Promise<unknown>[] = [];
  if (deployment > 0) {
    const what = 'record the end of the deployment';
    parts.push(tell(what, 'deployments: write', telling, (api) => endDeployment(api, deployment, evidence)));
  }
  if (comment && reviewed && !isEmpty && number > 0) {
    const what = `comment on pull request ${number}`;
    parts.push(
      tell(what, 'pull-requests: write', telling, (api) => writeComment(api, number, { kind: reviewed, evidence })),
    );
  }
  if (check !== 'none' && commit) {
    const isQuiet = started?.isCheckRefused === true;
    const end = (api: GitHubApi) => endCheck(api, check, { commit, evidence, reviewed, id: checkId });
    parts.push(tell(`write the ${check}`, permissionOf(check), { ...telling, isQuiet }, end));
  }
  if (artifact) {
    const what = 'write the deployment record of the image';
    parts.push(tell(what, 'artifact-metadata: write', telling, (api) => writeArtifactRecord(api, artifact)));
  }
  await Promise.all(parts);
}

function permissionOf(check: 'check' | 'status'): string {
  return `${check === 'check' ? 'checks' : 'statuses'}: write`;
}

/** Where a pull request shows it: its own last commit, not the one that GitHub merged for the run. */
function findHead(event: unknown, run: RunFacts): string | null {
  return textAt(event, 'pull_request', 'head', 'sha') || run.commit;
}

/** What someone reviews, however the run ends; null: it is a deployment. */
function reviewedKindOf({ env }: Io): ReviewedKind | null {
  const inputs = readStepInputs(env);
  if (inputs.text('mode') === 'plan') return 'plan';
  return isWithoutTraffic(inputs.text('traffic')) ? 'preview' : null;
}

/** 0: this run is for none. After another workflow GitHub lists those of other repositories too that have its commit as head. */
function findPullRequest(event: unknown): number {
  const id = numberAt(event, 'repository', 'id');
  const own = listAt(event, 'workflow_run', 'pull_requests').find((one) => numberAt(one, 'base', 'repo', 'id') === id);
  return numberAt(valueAt(event, 'pull_request') ?? own, 'number');
}

/** null: it could not be done, which one notice says. `isQuiet`: one has said it already. */
async function tell<T>(
  what: string,
  permission: string,
  { io, within, token, isQuiet = false }: Telling & { readonly isQuiet?: boolean },
  body: (api: GitHubApi) => Promise<T>,
): Promise<T | null> {
  try {
    return await within((signal) => body(openGitHubApi(token, { io, signal })));
  } catch (error) {
    const { message, hint } = explainGitHubError(error, what, permission);
    io.log[isQuiet ? 'debug' : 'notice'](joinSentences(`GitHub: ${message}`, hint));
    return null;
  }
}
