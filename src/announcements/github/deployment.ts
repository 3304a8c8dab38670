import { isJsonObject, listAt, numberAt, textAt, valueAt } from '../../model/json.ts';
import type { OutcomeKind, RunRecord } from '../../model/outcome.ts';
import type { Evidence } from '../../report/evidence.ts';
import { headline } from '../../report/headline.ts';
import type { RunFacts } from '../../report/run-facts.ts';
import { cutText } from '../message.ts';
import type { GitHubApi } from './api.ts';

const LONGEST_DESCRIPTION = 140;
/** Each takes a request of its own for its statuses. */
const NEWEST_DEPLOYMENTS = 5;
const OURS = 'deploy-agent';

export interface StartedDeployment {
  /** null: the job's own `environment:` has made one already. */
  readonly id: number | null;
  /** That the newest successful deployment before was of; null: there was none, or not among the newest. */
  readonly previousCommit: string | null;
}

interface Start {
  readonly environment: string;
  readonly commit: string;
  readonly record: RunRecord;
  readonly run: RunFacts;
}

/** Records a deployment that is in progress. https://docs.github.com/rest/deployments */
export async function startDeployment(
  api: GitHubApi,
  { environment, commit, record, run }: Start,
): Promise<StartedDeployment> {
  const { owner, repo } = api;
  const known = await listNewest(api, environment);
  const previousCommit = known.find(({ isOfThisRun, succeeded }) => succeeded && !isOfThisRun(run))?.commit ?? null;
  if (known.some(({ isOfJob, isOfThisRun }) => isOfJob && isOfThisRun(run))) return { id: null, previousCommit };
  const { data } = await api.request('POST /repos/{owner}/{repo}/deployments', {
    ...{ owner, repo, ref: commit, environment },
    // What may be deployed was decided by the workflow, and nothing is merged here.
    ...{ auto_merge: false, required_contexts: [], payload: { action: OURS } },
    description: cutText(record.resource ?? 'deploy-agent', LONGEST_DESCRIPTION),
  });
  const id = numberAt(data, 'id');
  if (id <= 0) throw new Error('the answer names no deployment');
  await setStatus(api, id, { state: 'in_progress', description: 'Deployment started', run, address: null });
  return { id, previousCommit };
}

/** The end of one that `startDeployment` began. */
export async function endDeployment(api: GitHubApi, id: number, evidence: Evidence): Promise<void> {
  const { outcome, record, run } = evidence;
  const address = outcome.kind === 'previewed' ? record.previewUrl : record.url;
  const description = cutText(headline(evidence), LONGEST_DESCRIPTION);
  await setStatus(api, id, { state: stateOf(outcome.kind), description, run, address });
}

type State = 'in_progress' | 'success' | 'failure' | 'error' | 'inactive';

function stateOf(kind: OutcomeKind): State {
  if (kind === 'deployed' || kind === 'unchanged' || kind === 'previewed') return 'success';
  if (kind === 'superseded') return 'inactive';
  return kind === 'rollback-failed' || kind === 'rollback-unconfirmed' ? 'error' : 'failure';
}

interface Status {
  readonly state: State;
  readonly description: string;
  readonly run: RunFacts;
  /** Of the service. */
  readonly address: string | null;
}

async function setStatus(api: GitHubApi, id: number, { state, description, run, address }: Status): Promise<void> {
  const { owner, repo } = api;
  await api.request('POST /repos/{owner}/{repo}/deployments/{deployment_id}/statuses', {
    ...{ owner, repo, deployment_id: id, state, description },
    ...(run.runUrl ? { log_url: run.runUrl } : {}),
    ...(address && /^https?:/.test(address) ? { environment_url: address } : {}),
  });
}

interface KnownDeployment {
  readonly commit: string;
  /** The runner made it for the job's `environment:`. */
  readonly isOfJob: boolean;
  readonly succeeded: boolean;
  isOfThisRun(run: RunFacts): boolean;
}

/** Newest first. */
async function listNewest(api: GitHubApi, environment: string): Promise<readonly KnownDeployment[]> {
  const { owner, repo } = api;
  const listing = { owner, repo, environment, per_page: NEWEST_DEPLOYMENTS };
  const { data } = await api.request('GET /repos/{owner}/{repo}/deployments', listing);
  const found = listAt({ data }, 'data').slice(0, NEWEST_DEPLOYMENTS);
  return await Promise.all(found.map((deployment) => readDeployment(api, deployment)));
}

async function readDeployment(api: GitHubApi, deployment: object): Promise<KnownDeployment> {
  const { owner, repo } = api;
  const { data } = await api.request('GET /repos/{owner}/{repo}/deployments/{deployment_id}/statuses', {
    ...{ owner, repo, deployment_id: numberAt(deployment, 'id'), per_page: 30 },
  });
  const statuses = listAt({ data }, 'data');
  const payload = valueAt(deployment, 'payload');
  return {
    commit: textAt(deployment, 'sha'),
    isOfJob: !(isJsonObject(payload) && payload['action'] === OURS),
    succeeded: statuses.some((status) => textAt(status, 'state') === 'success'),
    isOfThisRun: ({ runUrl }) => {
      const page = runUrl?.replace(/\/attempts\/\d+$/, '');
      return page !== undefined && statuses.some((status) => `${textAt(status, 'log_url')}/`.startsWith(`${page}/`));
    },
  };
}
