import { readEvent } from '../../io/event.ts';
import type { Io } from '../../io/io.ts';
import type { GitHubOptions } from '../../model/announcement.ts';
import { listAt, numberAt, textAt, tryParseJson, valueAt } from '../../model/json.ts';
import type { RunRecord } from '../../model/outcome.ts';
import { joinSentences } from '../../model/sentences.ts';
import type { Evidence } from '../../report/evidence.ts';
import type { RunFacts } from '../../report/run-facts.ts';
import { explainGitHubError, type GitHubApi, openGitHubApi } from './api.ts';
import { writeCheck } from './check.ts';
import { writeComment } from './comment.ts';
import { endDeployment, type StartedDeployment, startDeployment } from './deployment.ts';

/** Name of the state that says which deployment of GitHub this run has begun. */
const STATE = 'github';

/** Runs it within the time that there is for this. */
type Within = <T>(body: (signal: AbortSignal) => Promise<T>) => Promise<T>;

interface Start {
  readonly options: GitHubOptions;
  readonly record: RunRecord;
  readonly run: RunFacts;
  readonly io: Io;
  readonly within: Within;
}

/** null: nothing was recorded. */
export async function startOnGitHub({ options, record, run, io, within }: Start): Promise<StartedDeployment | null> {
  const { deployment: environment, token } = options;
  if (environment === null || run.commit === null) return null;
  const commit = run.commit;
  const started = await tellGitHub('record the deployment', 'deployments: write', io, () =>
    within((signal) => startDeployment(openGitHubApi(token, { io, signal }), { environment, commit, record, run })),
  );
  if (started?.id) io.state.save(STATE, JSON.stringify({ deployment: started.id }));
  else if (started) io.log.info(`The job’s own \`environment:\` has recorded a deployment to ${environment} already.`);
  return started;
}

interface End {
  readonly options: GitHubOptions;
  /** That this process has recorded; null: what an earlier one saved counts. */
  readonly started: StartedDeployment | null;
  readonly evidence: Evidence;
  readonly io: Io;
  readonly within: Within;
}

/** Each of them by itself: what one may not do, another may. */
export async function endOnGitHub({ options, started, evidence, io, within }: End): Promise<void> {
  const { token, comment, check } = options;
  const { outcome, record, run } = evidence;
  const event = readEvent(io);
  const write = (what: string, permission: string, body: (api: GitHubApi) => Promise<void>) =>
    tellGitHub(what, permission, io, () => within((signal) => body(openGitHubApi(token, { io, signal }))));
  const deployment = started?.id ?? numberAt(tryParseJson(io.state.read(STATE)), 'deployment');
  const number = findPullRequest(event);
  const commit = textAt(event, 'pull_request', 'head', 'sha') || run.commit;
  const isForReview = record.forecast !== null || outcome.kind === 'previewed';
  await Promise.all([
    ...(deployment > 0
      ? [
          write('record the end of the deployment', 'deployments: write', (api) =>
            endDeployment(api, deployment, evidence),
          ),
        ]
      : []),
    ...(comment && isForReview && number > 0
      ? [
          write(`comment on pull request ${number}`, 'pull-requests: write', (api) =>
            writeComment(api, number, evidence),
          ),
        ]
      : []),
    ...(check !== 'none' && commit
      ? [
          write(`write the ${check}`, `${check === 'check' ? 'checks' : 'statuses'}: write`, (api) =>
            writeCheck(api, check, { commit, evidence }),
          ),
        ]
      : []),
  ]);
}

/** 0: this run is for none. */
function findPullRequest(event: unknown): number {
  const [first] = listAt(event, 'workflow_run', 'pull_requests');
  return numberAt(valueAt(event, 'pull_request') ?? first, 'number');
}

/** null: it could not be done, which one notice says. */
async function tellGitHub<T>(what: string, permission: string, io: Io, body: () => Promise<T>): Promise<T | null> {
  try {
    return await body();
  } catch (error) {
    const { message, hint } = explainGitHubError(error, what, permission);
    io.log.notice(joinSentences(`GitHub: ${message}`, hint));
    return null;
  }
}
