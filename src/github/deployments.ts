import { isJsonObject, type JsonObject, listAt, numberAt, textAt, tryParseJson, valueAt } from '../model/json.ts';
import type { RunFacts } from '../report/run-facts.ts';
import type { GitHubApi } from './api.ts';

/** Says in the payload of a deployment that this action has recorded it. */
const OURS = 'deploy-agent';
const LISTED = 30;
const STATUSES = 30;
const COMMIT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

/** A deployment that GitHub has recorded for an environment. https://docs.github.com/rest/deployments */
export interface RecordedDeployment {
  readonly id: number;
  /** 40 or 64 hex digits; '': GitHub says none. */
  readonly commit: string;
  readonly ref: string;
  /** What this action wrote; null: the runner recorded it for the `environment:` of a job, or another tool did. */
  readonly ours: OurPayload | null;
  /** Of its newest status: `in_progress`; '': there is none. */
  readonly state: string;
  /** When it has first succeeded, in ms; null: it has not. */
  readonly succeededAt: number | null;
  /** That its newest status gives for the environment, as a workflow or tool wrote it; '': none. */
  readonly address: string;
  /** The page of the run that made it; null: not of this repository, or not told. */
  readonly runUrl: string | null;
  readonly isOfThisRun: boolean;
}

export interface OurPayload {
  /** The service that it was deployed to; null: an earlier release of this action didn't say. */
  readonly service: string | null;
  /** It gets no traffic (`traffic: 0`). */
  readonly isPreview: boolean;
}

export interface DeploymentQuery {
  readonly environment: string;
  readonly run: RunFacts;
  /** How many are read: each takes a request for its statuses. */
  readonly count: number;
  /** Which of those that are listed are read. */
  readonly isWanted?: (deployment: Pick<RecordedDeployment, 'ref' | 'ours'>) => boolean;
}

/** Newest first: `count` + 1 requests at most. @throws what Octokit throws */
export async function readDeployments(
  api: GitHubApi,
  { environment, run, count, isWanted = () => true }: DeploymentQuery,
): Promise<readonly RecordedDeployment[]> {
  const { owner, repo } = api;
  const listing = { owner, repo, environment, per_page: LISTED };
  const { data } = await api.request('GET /repos/{owner}/{repo}/deployments', listing);
  const wanted = listAt({ data }, 'data').filter((one) => isWanted({ ref: textAt(one, 'ref'), ours: payloadOf(one) }));
  return await Promise.all(wanted.slice(0, count).map((one) => readDeployment(api, one, run)));
}

async function readDeployment(api: GitHubApi, deployment: JsonObject, run: RunFacts): Promise<RecordedDeployment> {
  const id = numberAt(deployment, 'id');
  const commit = textAt(deployment, 'sha');
  const statuses = await readStatuses(api, id);
  const runUrls = statuses.map((status) => runUrlOf(textAt(status, 'log_url'), run));
  return {
    ...{ id, ref: textAt(deployment, 'ref'), ours: payloadOf(deployment), commit: COMMIT.test(commit) ? commit : '' },
    ...progressOf(statuses),
    address: textAt(statuses[0], 'environment_url'),
    runUrl: runUrls.find((url) => url !== null) ?? null,
    isOfThisRun: runUrls.some((url) => url !== null && url === runUrlOf(run.runUrl ?? '', run)),
  };
}

/** How far a deployment is now. One request. @throws what Octokit throws */
export async function readProgress(
  api: GitHubApi,
  id: number,
): Promise<Pick<RecordedDeployment, 'state' | 'succeededAt'>> {
  return progressOf(await readStatuses(api, id));
}

/** Newest first. */
async function readStatuses(api: GitHubApi, id: number): Promise<readonly JsonObject[]> {
  const { owner, repo } = api;
  const { data } = await api.request('GET /repos/{owner}/{repo}/deployments/{deployment_id}/statuses', {
    ...{ owner, repo, deployment_id: id, per_page: STATUSES },
  });
  return listAt({ data }, 'data');
}

/** One that succeeded stays so: GitHub makes it `inactive` when the next one succeeds. */
function progressOf(statuses: readonly JsonObject[]): Pick<RecordedDeployment, 'state' | 'succeededAt'> {
  const success = statuses.findLast((status) => textAt(status, 'state') === 'success');
  const time = success ? Date.parse(textAt(success, 'created_at')) : 0;
  return { state: textAt(statuses[0], 'state'), succeededAt: success ? time || 0 : null };
}

/** What `readDeployments` recognizes as ours. */
export function payloadFor(service: string | null, isPreview: boolean) {
  return { action: OURS, ...(service === null ? {} : { service }), ...(isPreview ? { preview: true } : {}) };
}

/** GitHub gives a payload back as it was sent, as an object or as text. */
function payloadOf(deployment: JsonObject): OurPayload | null {
  const sent = valueAt(deployment, 'payload');
  const payload = typeof sent === 'string' ? tryParseJson(sent) : sent;
  if (!isJsonObject(payload) || payload['action'] !== OURS) return null;
  return { service: textAt(payload, 'service') || null, isPreview: payload['preview'] === true };
}

/** The page of a run, without its attempt or job, from an address below it. */
function runUrlOf(address: string, { repositoryUrl }: RunFacts): string | null {
  const base = `${repositoryUrl}/actions/runs/`;
  if (repositoryUrl === null || !address.startsWith(base)) return null;
  const [number] = /^\d{1,20}(?=\/|$)/.exec(address.slice(base.length)) ?? [];
  return number === undefined ? null : `${base}${number}`;
}
