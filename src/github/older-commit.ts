import { readStepInputs } from '../inputs/step-inputs.ts';
import { readEvent } from '../io/event.ts';
import type { CancellableIo, Io } from '../io/io.ts';
import { withinTime } from '../io/within-time.ts';
import { DeployError } from '../model/errors.ts';
import { textAt } from '../model/json.ts';
import type { OlderCommitPolicy } from '../model/older-commit.ts';
import { joinSentences } from '../model/sentences.ts';
import { type RunFacts, readSafeRunFacts } from '../report/run-facts.ts';
import { explainGitHubError, type GitHubApi, openGitHubApi } from './api.ts';
import {
  type DeployedService,
  decideOlderCommit,
  findReason,
  type Relation,
  relationOf,
} from './decide-older-commit.ts';
import { type RecordedDeployment, readDeployments, readProgress } from './deployments.ts';

/** With two comparisons and what waiting takes: 12 requests. */
const READ = 4;
const LOOK_MS = 6_000;
/** A run says that it has deployed after others may start: what ends its job takes seconds. */
const SETTLE_POLLS = 5;
const SETTLE_PAUSE_MS = 5_000;
const SHORT = 12;

/**
 * `isAgain`: time has passed, so another run may just have deployed a newer commit: one that is still in progress is waited for.
 * @throws DeployError OLDER_COMMIT; the signal's reason
 */
export type OlderCommitCheck = (service: DeployedService, isAgain: boolean) => Promise<void>;

export interface OlderCommitOptions {
  /** null: the input is not given. */
  readonly policy: OlderCommitPolicy | null;
  /** Secret; '': none. */
  readonly token: string;
}

interface Asked extends OlderCommitOptions {
  readonly environment: string;
  readonly commit: string;
  readonly run: RunFacts;
  readonly event: string;
  /** Why an older commit may be deployed on purpose; null: nothing says so. */
  readonly reason: string | null;
  readonly io: Io;
  /** By commit: ours is older. */
  readonly compared: Map<string, boolean>;
}

/** A deployment of a newer commit. */
interface Newer {
  readonly deployment: RecordedDeployment;
  readonly relation: Relation;
}

export function openOlderCommitCheck(
  { policy, token }: OlderCommitOptions,
  { io, signal }: CancellableIo,
): OlderCommitCheck {
  const run = readSafeRunFacts(io);
  const environment = readStepInputs(io.env).text('github-deployment') || run.environment;
  const { commit } = run;
  const noteUnknown = (why: string): void => {
    const text = `older-commit: could not tell whether this commit is older than the one that is deployed: ${why}`;
    io.log[policy === null ? 'debug' : 'notice'](text);
  };
  if (token === '' || environment === null || commit === null) {
    const missing = environment === null ? 'the input `environment`' : 'the commit of this run';
    noteUnknown(`${token === '' ? 'the input `github-token`' : missing} is missing (docs/security.md#older-commits).`);
    return async () => {};
  }
  const reason = findReason(io.env, () => readEvent(io));
  const event = io.env['GITHUB_EVENT_NAME'] ?? '';
  const asked: Asked = { policy, token, environment, commit, run, event, reason, io, compared: new Map() };
  const warned = new Set<string>();
  return async (service, isAgain) => {
    const newer = await look(asked, { service, isAgain, signal, noteUnknown });
    if (newer === null) return;
    const verdict = decideOlderCommit(newer.relation, policy, reason);
    if (verdict === 'refuse') throw refusal(newer, asked);
    if (verdict === 'warn' && !warned.has(newer.deployment.commit)) io.log.warning(warning(newer, asked));
    warned.add(newer.deployment.commit);
  };
}

interface Look {
  readonly service: DeployedService;
  readonly isAgain: boolean;
  readonly signal: AbortSignal;
  noteUnknown(why: string): void;
}

/** null: there is none, or it can't be known. */
async function look(asked: Asked, { noteUnknown, signal, ...look }: Look): Promise<Newer | null> {
  const { io, token } = asked;
  const within = <T>(body: (api: GitHubApi) => Promise<T>): Promise<T> =>
    withinTime(LOOK_MS, { io, signal }, (both) => body(openGitHubApi(token, { io, signal: both })));
  try {
    const candidates = await within((api) => readCandidates(api, asked, look.service));
    const live = newest(candidates);
    if (live && (await within((api) => isOlder(api, live.deployment, asked)))) return live;
    const next = look.isAgain ? candidates.find((one) => isAwaited(one, asked)) : undefined;
    if (!next || !(await within((api) => isOlder(api, next.deployment, asked)))) return null;
    return (await hasSucceeded(next, { within, signal, io })) ? next : null;
  } catch (error) {
    // The job was cancelled, or the time-out of the run has passed.
    if (signal.aborted) throw signal.reason;
    const { message, hint } = explainGitHubError(error, 'read what is deployed', 'deployments: read');
    noteUnknown(joinSentences(message, hint));
    return null;
  }
}

/** Those of other runs that may be of this service, newest first. */
async function readCandidates(api: GitHubApi, asked: Asked, service: DeployedService): Promise<readonly Newer[]> {
  const { environment, run } = asked;
  const relate = (one: Pick<RecordedDeployment, 'ref' | 'ours' | 'address'>) => relationOf(one, { service, ...asked });
  // The address is known only once the statuses are read.
  const isWanted = (one: Pick<RecordedDeployment, 'ref' | 'ours'>) => relate({ ...one, address: '' }) !== 'other';
  const found = await readDeployments(api, { environment, run, count: READ, isWanted });
  const others = found.filter(({ isOfThisRun, commit }) => !isOfThisRun && commit !== '');
  return others
    .map((deployment) => ({ deployment, relation: relate(deployment) }))
    .filter(({ relation }) => relation !== 'other');
}

/** The one that succeeded last is live: one that was recorded earlier may have waited longer. */
function newest(candidates: readonly Newer[]): Newer | null {
  const succeeded = candidates.filter(({ deployment }) => deployment.succeededAt !== null);
  return succeeded.reduce<Newer | null>((last, one) => (last && timeOf(last) >= timeOf(one) ? last : one), null);
}

function timeOf({ deployment }: Newer): number {
  return deployment.succeededAt ?? 0;
}

/** Waiting for one is worth it only where its success would refuse this run. */
function isAwaited({ deployment, relation }: Newer, { policy, reason }: Asked): boolean {
  return deployment.state === 'in_progress' && decideOlderCommit(relation, policy, reason) === 'refuse';
}

/**
 * Is our commit an ancestor of theirs? Asked with ours as the base: where ours is the newer one, as usual, the answer lists no
 * commits and no files. https://docs.github.com/rest/commits/commits#compare-two-commits
 */
async function isOlder(api: GitHubApi, { commit }: RecordedDeployment, asked: Asked): Promise<boolean> {
  if (commit === asked.commit) return false;
  const known = asked.compared.get(commit);
  if (known !== undefined) return known;
  const { owner, repo } = api;
  const basehead = `${asked.commit}...${commit}`;
  try {
    const query = { owner, repo, basehead, per_page: 1 };
    const { data } = await api.request('GET /repos/{owner}/{repo}/compare/{basehead}', query);
    const answer = textAt(data, 'status') === 'ahead';
    asked.compared.set(commit, answer);
    return answer;
  } catch (error) {
    throw explainGitHubError(error, `compare ${shorten(asked.commit)} with ${shorten(commit)}`, 'contents: read');
  }
}

interface Settling extends CancellableIo {
  readonly within: <T>(body: (api: GitHubApi) => Promise<T>) => Promise<T>;
}

async function hasSucceeded({ deployment }: Newer, { within, io, signal }: Settling): Promise<boolean> {
  const who = deployment.runUrl ?? 'another run';
  io.log.info(`The newer commit ${shorten(deployment.commit)} is being deployed by ${who}; waiting for its result.`);
  for (let poll = 0; poll < SETTLE_POLLS; poll += 1) {
    await io.clock.sleep(SETTLE_PAUSE_MS, signal);
    const { state, succeededAt } = await within((api) => readProgress(api, deployment.id));
    if (succeededAt !== null) return true;
    if (state !== 'in_progress') return false;
  }
  io.log.info('It has no result yet.');
  return false;
}

function refusal({ deployment }: Newer, { commit, environment }: Asked): DeployError {
  const why = `it is older than commit ${describe(deployment)}`;
  return new DeployError('OLDER_COMMIT', `could not deploy commit ${shorten(commit)} to ${environment}: ${why}`, {
    hint: 'Deploy the newest commit. To roll back on purpose, run this job again, or start the workflow by workflow_dispatch; `older-commit: warn` deploys any older commit with a warning.',
  });
}

function warning({ deployment, relation }: Newer, { commit, environment, policy, reason }: Asked): string {
  const first = `Commit ${shorten(commit)} is older than commit ${describe(deployment)}`;
  const goesOn = `It is deployed to ${environment} all the same`;
  if (reason !== null) return joinSentences(first, `${goesOn}, as ${reason}`);
  if (relation === 'same' || policy !== null) return joinSentences(first, goesOn);
  const next = '`older-commit: refuse` refuses it.';
  return joinSentences(first, goesOn, `Whether that was a deployment of this service is not known. ${next}`);
}

/** `1111111111, deployed at 2026-11-29T10:00:00Z by https://…`. */
function describe({ commit, succeededAt, runUrl }: RecordedDeployment): string {
  const time = succeededAt ? ` at ${new Date(succeededAt).toISOString().replace('.000Z', 'Z')}` : '';
  return `${shorten(commit)}, deployed${time}${runUrl === null ? '' : ` by ${runUrl}`}`;
}

function shorten(commit: string): string {
  return commit.slice(0, SHORT);
}
