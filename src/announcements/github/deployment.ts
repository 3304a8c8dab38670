import type { GitHubApi } from '../../github/api.ts';
import { relationOf } from '../../github/decide-older-commit.ts';
import { payloadFor, type RecordedDeployment, readDeployments } from '../../github/deployments.ts';
import { numberAt } from '../../model/json.ts';
import type { OutcomeKind, RunRecord } from '../../model/outcome.ts';
import type { Evidence } from '../../report/evidence.ts';
import { headline } from '../../report/headline.ts';
import type { RunFacts } from '../../report/run-facts.ts';
import { lineOf } from '../message.ts';

const LONGEST_DESCRIPTION = 140;
/** Each takes a request of its own for its statuses. */
const NEWEST_DEPLOYMENTS = 5;

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
  /** It gets no traffic. */
  readonly isPreview: boolean;
  /** That started this run. */
  readonly event: string;
  /** Told the ID at once: a deployment whose first status is not taken has an end all the same. */
  noteId(id: number): void;
}

/** Records a deployment that is in progress. https://docs.github.com/rest/deployments */
export async function startDeployment(
  api: GitHubApi,
  { environment, commit, record, run, isPreview, event, noteId }: Start,
): Promise<StartedDeployment> {
  const { owner, repo } = api;
  const service = { resource: record.resource ?? '', url: record.url };
  const isOfService = (one: Pick<RecordedDeployment, 'ref' | 'ours' | 'address'>) =>
    relationOf(one, { service, policy: null, event }) !== 'other';
  // A deployment that the runner records after another workflow tells no commit, but that this job has one.
  const isWanted = (one: Pick<RecordedDeployment, 'ref' | 'ours'>) =>
    one.ours === null || isOfService({ ...one, address: '' });
  const known = await readDeployments(api, { environment, run, count: NEWEST_DEPLOYMENTS, isWanted });
  const previous = known.find((one) => one.succeededAt !== null && !one.isOfThisRun && isOfService(one));
  const previousCommit = previous?.commit || null;
  if (known.some(({ ours, isOfThisRun }) => ours === null && isOfThisRun)) return { id: null, previousCommit };
  const { data } = await api.request('POST /repos/{owner}/{repo}/deployments', {
    ...{ owner, repo, ref: commit, environment },
    // What may be deployed was decided by the workflow, and nothing is merged here.
    ...{ auto_merge: false, required_contexts: [], payload: payloadFor(record.resource, isPreview) },
    description: lineOf(record.resource ?? 'deploy-agent', LONGEST_DESCRIPTION),
  });
  const id = numberAt(data, 'id');
  if (id <= 0) throw new Error('the answer names no deployment');
  noteId(id);
  await setStatus(api, id, { state: 'in_progress', description: 'Deployment started', run, address: null });
  return { id, previousCommit };
}

/** The end of one that `startDeployment` began. */
export async function endDeployment(api: GitHubApi, id: number, evidence: Evidence): Promise<void> {
  const { outcome, record, run } = evidence;
  const address = outcome.kind === 'previewed' ? record.previewUrl : record.url;
  const description = lineOf(headline(evidence), LONGEST_DESCRIPTION);
  const isBeside = outcome.kind === 'previewed';
  await setStatus(api, id, { state: stateOf(outcome.kind), description, run, address, isBeside });
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
  /** What the environment had before goes on serving. */
  readonly isBeside?: boolean;
}

async function setStatus(api: GitHubApi, id: number, status: Status): Promise<void> {
  const { state, description, run, address, isBeside = false } = status;
  const { owner, repo } = api;
  await api.request('POST /repos/{owner}/{repo}/deployments/{deployment_id}/statuses', {
    ...{ owner, repo, deployment_id: id, state, description },
    ...(run.runUrl ? { log_url: run.runUrl } : {}),
    // Otherwise GitHub makes earlier deployments of the environment inactive.
    ...(isBeside ? { auto_inactive: false } : {}),
    ...(address && /^https?:/.test(address) ? { environment_url: address } : {}),
  });
}
