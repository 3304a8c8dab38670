import type { SimulatedHost, SimulatedRequest, SimulatedResponse, TimeSource } from '../edge/host.ts';
import { isObject, type Json, type JsonObject, textAt } from '../json.ts';

/** What a token may do: `permissions:` of a job. */
export type Permission =
  | 'contents'
  | 'deployments'
  | 'deployments:read'
  | 'pull-requests'
  | 'checks'
  | 'statuses'
  | 'artifact-metadata';

export interface GitHubDeployment {
  readonly id: number;
  readonly environment: string;
  readonly sha: string;
  /** What was asked to be deployed: a branch, or the commit. */
  readonly ref: string;
  readonly payload: JsonObject;
  readonly description: string | null;
  readonly createdAt: number;
  readonly statuses: JsonObject[];
}

export interface GitHubComment {
  readonly id: number;
  readonly issue: number;
  readonly author: { readonly login: string; readonly type: 'Bot' | 'User' };
  body: string;
}

const MAX_BODY = 65_536;

/**
 * The part of GitHub's REST API that reports of a deployment are written to, for one repository.
 * https://docs.github.com/rest; conformance/github compares it with GitHub's own description.
 */
export class GitHubRestApi implements SimulatedHost {
  readonly deployments: GitHubDeployment[] = [];
  readonly comments: GitHubComment[] = [];
  readonly checks: JsonObject[] = [];
  readonly statuses: JsonObject[] = [];
  /** Parents of each commit of the repository. */
  readonly commits = new Map<string, readonly string[]>();
  /** One for an environment and a name, as GitHub keeps them. */
  readonly artifactRecords = new Map<string, JsonObject>();
  /** False: the repository belongs to a person, who has no artifact metadata. */
  isOrganization = true;
  readonly #clock: TimeSource;
  readonly #host: string;
  readonly #base: string;
  readonly #repository: string;
  readonly #grants = new Map<string, ReadonlySet<Permission>>();
  #lastId = 0;

  /** `base`: of the API, `https://api.github.com` unless it is an Enterprise Server's. */
  constructor(clock: TimeSource, { base = 'https://api.github.com', repository = 'acme/agent' } = {}) {
    this.#clock = clock;
    this.#host = new URL(base).hostname;
    this.#base = new URL(base).pathname.replace(/\/$/, '');
    this.#repository = repository;
  }

  /** Makes a token with these permissions known. */
  grant(token: string, ...permissions: readonly Permission[]): void {
    this.#grants.set(token, new Set(permissions));
  }

  /** What the runner does for a job with `environment:`. `runUrl`: page of its run. `payload`: what another tool adds. */
  deployForJob(
    environment: string,
    sha: string,
    runUrl: string,
    { ref = sha, payload = {} }: { readonly ref?: string; readonly payload?: JsonObject } = {},
  ): GitHubDeployment {
    const deployment = this.#addDeployment({ environment, ref, payload }, sha);
    this.#addStatus(deployment, { state: 'in_progress', log_url: `${runUrl}/job/1` });
    return deployment;
  }

  /** What the runner does when that job has ended well. `address`: the `url` of its `environment:`. */
  endJob(deployment: GitHubDeployment, address = ''): void {
    const { log_url } = deployment.statuses[0]!;
    this.#addStatus(deployment, { state: 'success', log_url: log_url!, environment_url: address });
  }

  addComment(issue: number, body: string, author: GitHubComment['author']): GitHubComment {
    const comment = { id: this.#nextId(), issue, author, body };
    this.comments.push(comment);
    return comment;
  }

  serves(hostname: string): boolean {
    return hostname.toLowerCase() === this.#host;
  }

  nameCall({ method, url }: SimulatedRequest): { readonly operation: string; readonly mutates: boolean } {
    const route = this.#find(method, url.pathname);
    return { operation: `github:${route?.operation ?? 'unknown'}`, mutates: method !== 'GET' };
  }

  handle(request: SimulatedRequest): SimulatedResponse {
    const [, token = ''] = /^(?:token|bearer) (.+)$/i.exec(request.headers['authorization'] ?? '') ?? [];
    const permissions = this.#grants.get(token);
    if (!permissions) return answer(401, { message: 'Bad credentials', documentation_url: DOCS, status: '401' });
    const route = this.#find(request.method, request.url.pathname);
    if (!route) return answer(404, { message: 'Not Found', documentation_url: DOCS, status: '404' });
    const isAllowed = permissions.has(route.permission) || (request.method === 'GET' && mayRead(permissions, route));
    if (!isAllowed) {
      return answer(403, { message: 'Resource not accessible by integration', documentation_url: DOCS, status: '403' });
    }
    const body = readJson(request.body);
    if (body === null) return answer(400, { message: 'Problems parsing JSON', documentation_url: DOCS });
    return route.answer(body, request.url.searchParams);
  }

  #find(method: string, pathname: string) {
    const prefix = `${this.#base}/repos/${this.#repository}/`;
    const owner = `${this.#base}/orgs/${this.#repository.split('/')[0]}/`;
    const base = [prefix, owner].find((start) => pathname.startsWith(start));
    if (base === undefined) return null;
    const path = `${base === owner ? '/' : ''}${pathname.slice(base.length)}`;
    for (const route of this.#routes()) {
      const found = route.method === method ? route.path.exec(path) : null;
      const at = found?.[1] ?? '';
      if (found)
        return { ...route, answer: (body: JsonObject, query: URLSearchParams) => route.answer(at, body, query) };
    }
    return null;
  }

  #routes(): readonly Route[] {
    const deployments = { permission: 'deployments' } as const;
    const comments = { permission: 'pull-requests' } as const;
    return [
      {
        operation: 'ListDeployments',
        method: 'GET',
        path: /^deployments$/,
        ...deployments,
        answer: (_, __, query) => this.#list(query),
      },
      {
        operation: 'CreateDeployment',
        method: 'POST',
        path: /^deployments$/,
        ...deployments,
        answer: (_, body) => this.#create(body),
      },
      {
        operation: 'ListStatuses',
        method: 'GET',
        path: /^deployments\/(\d+)\/statuses$/,
        ...deployments,
        answer: (id) => this.#listStatuses(id),
      },
      {
        operation: 'CreateStatus',
        method: 'POST',
        path: /^deployments\/(\d+)\/statuses$/,
        ...deployments,
        answer: (id, body) => this.#createStatus(id, body),
      },
      {
        operation: 'CompareCommits',
        method: 'GET',
        path: /^compare\/([0-9a-f]{40}\.\.\.[0-9a-f]{40})$/,
        permission: 'contents',
        answer: (range, _, query) => this.#compare(range, query),
      },
      {
        operation: 'ListComments',
        method: 'GET',
        path: /^issues\/(\d+)\/comments$/,
        ...comments,
        answer: (issue, _, query) => this.#listComments(issue, query),
      },
      {
        operation: 'CreateComment',
        method: 'POST',
        path: /^issues\/(\d+)\/comments$/,
        ...comments,
        answer: (issue, body) => this.#createComment(issue, body),
      },
      {
        operation: 'UpdateComment',
        method: 'PATCH',
        path: /^issues\/comments\/(\d+)$/,
        ...comments,
        answer: (id, body) => this.#updateComment(id, body),
      },
      {
        operation: 'CreateCheck',
        method: 'POST',
        path: /^check-runs$/,
        permission: 'checks',
        answer: (_, body) => this.#createCheck(body),
      },
      {
        operation: 'UpdateCheck',
        method: 'PATCH',
        path: /^check-runs\/(\d+)$/,
        permission: 'checks',
        answer: (id, body) => this.#updateCheck(id, body),
      },
      {
        operation: 'CreateArtifactRecord',
        method: 'POST',
        path: /^\/artifacts\/metadata\/deployment-record$/,
        permission: 'artifact-metadata',
        answer: (_, body) => this.#recordArtifact(body),
      },
      {
        operation: 'CreateCommitStatus',
        method: 'POST',
        path: /^statuses\/([0-9a-f]{40})$/,
        permission: 'statuses',
        answer: (sha, body) => this.#createCommitStatus(sha, body),
      },
    ];
  }

  #list(query: URLSearchParams): SimulatedResponse {
    const environment = query.get('environment');
    const found = this.deployments
      .filter((one) => environment === null || one.environment === environment)
      .toReversed();
    return answer(
      200,
      found.slice(0, Number(query.get('per_page') ?? 30)).map((one) => this.#viewDeployment(one)),
    );
  }

  #create(body: JsonObject): SimulatedResponse {
    const ref = textAt(body, 'ref');
    if (ref === '') return invalid('ref');
    // Without it, statuses of checks that are still under way refuse it: this very job is one.
    const contexts = body['required_contexts'];
    if (!Array.isArray(contexts) || contexts.length > 0) {
      return answer(409, { message: 'Conflict: Commit status checks failed for main.', documentation_url: DOCS });
    }
    if (textAt(body, 'description').length > 140) return invalid('description');
    return answer(201, this.#viewDeployment(this.#addDeployment(body, ref)));
  }

  #addDeployment(body: JsonObject, sha: string): GitHubDeployment {
    const deployment = {
      ...{
        id: this.#nextId(),
        sha,
        ref: textAt(body, 'ref'),
        environment: textAt(body, 'environment') || 'production',
      },
      ...{
        payload: isObject(body['payload']) ? body['payload'] : {},
        description: textAt(body, 'description') || null,
      },
      ...{ createdAt: this.#clock.now(), statuses: [] },
    };
    this.deployments.push(deployment);
    return deployment;
  }

  #listStatuses(id: string): SimulatedResponse {
    const deployment = this.deployments.find((one) => String(one.id) === id);
    return deployment ? answer(200, deployment.statuses.toReversed()) : notFound();
  }

  #createStatus(id: string, body: JsonObject): SimulatedResponse {
    const deployment = this.deployments.find((one) => String(one.id) === id);
    if (!deployment) return notFound();
    if (
      !['error', 'failure', 'inactive', 'in_progress', 'queued', 'pending', 'success'].includes(textAt(body, 'state'))
    )
      return invalid('state');
    if (textAt(body, 'description').length > 140) return invalid('description');
    if (textAt(body, 'state') === 'success' && body['auto_inactive'] !== false) this.#replaceOthers(deployment);
    return answer(201, this.#addStatus(deployment, body));
  }

  /** `auto_inactive`, which is the default: https://docs.github.com/rest/deployments/statuses#create-a-deployment-status */
  #replaceOthers({ id, environment }: GitHubDeployment): void {
    const others = this.deployments.filter((one) => one.id < id && one.environment === environment);
    for (const other of environment === 'production' ? [] : others)
      if (other.statuses.at(-1)?.['state'] === 'success') this.#addStatus(other, { state: 'inactive' });
  }

  #addStatus(deployment: GitHubDeployment, body: JsonObject): JsonObject {
    const id = this.#nextId();
    const page = this.#pageOf('deployments', deployment.id);
    const status: JsonObject = {
      ...{ id, node_id: `DES_${id}`, url: `${page}/statuses/${id}`, state: textAt(body, 'state'), creator: bot },
      ...{ description: textAt(body, 'description'), environment: deployment.environment },
      ...{
        target_url: textAt(body, 'log_url'),
        log_url: textAt(body, 'log_url'),
        environment_url: textAt(body, 'environment_url'),
      },
      ...this.#times(),
      deployment_url: page,
      repository_url: this.#pageOf(),
    };
    deployment.statuses.push(status);
    return status;
  }

  /** https://docs.github.com/rest/commits/commits#compare-two-commits */
  #compare(range: string, query: URLSearchParams): SimulatedResponse {
    const [base = '', head = ''] = range.split('...');
    if (!this.commits.has(base) || !this.commits.has(head)) return notFound();
    const [ofBase, ofHead] = [this.#ancestorsOf(base), this.#ancestorsOf(head)];
    const common = ofHead.find((sha) => ofBase.includes(sha));
    if (common === undefined) return notFound();
    const ahead = ofHead.filter((sha) => !ofBase.includes(sha)).toReversed();
    const behind = ofBase.filter((sha) => !ofHead.includes(sha)).length;
    const either = ahead.length > 0 ? 'ahead' : behind > 0 ? 'behind' : 'identical';
    const page = `https://github.com/${this.#repository}/compare`;
    return answer(200, {
      ...{ url: this.#pageOf('compare', range), html_url: `${page}/${range}`, permalink_url: `${page}/${range}` },
      ...{ diff_url: `${page}/${range}.diff`, patch_url: `${page}/${range}.patch` },
      ...{ base_commit: this.#viewCommit(base), merge_base_commit: this.#viewCommit(common) },
      ...{ status: ahead.length > 0 && behind > 0 ? 'diverged' : either, ahead_by: ahead.length, behind_by: behind },
      total_commits: ahead.length,
      commits: ahead.slice(0, Number(query.get('per_page') ?? 30)).map((sha) => this.#viewCommit(sha)),
      files: [],
    });
  }

  /** The commit itself and all before it, nearest first. */
  #ancestorsOf(sha: string): readonly string[] {
    const found = [sha];
    for (const one of found) for (const up of this.commits.get(one) ?? []) if (!found.includes(up)) found.push(up);
    return found;
  }

  #viewCommit(sha: string): JsonObject {
    const signature = { name: 'octocat', email: 'octocat@github.com', date: this.#time() };
    const tree = { sha, url: this.#pageOf('git', 'trees', sha) };
    return {
      ...{ sha, node_id: `C_${sha}`, url: this.#pageOf('commits', sha), author: bot, committer: bot },
      html_url: `https://github.com/${this.#repository}/commit/${sha}`,
      comments_url: this.#pageOf('commits', sha, 'comments'),
      commit: {
        ...{ author: signature, committer: signature, message: `Commit ${sha}`, comment_count: 0, tree },
        url: this.#pageOf('git', 'commits', sha),
      },
      parents: (this.commits.get(sha) ?? []).map((parent) => ({ sha: parent, url: this.#pageOf('commits', parent) })),
    };
  }

  #listComments(issue: string, query: URLSearchParams): SimulatedResponse {
    const size = Math.min(100, Number(query.get('per_page') ?? 30));
    const start = (Number(query.get('page') ?? 1) - 1) * size;
    const found = this.comments.filter((comment) => String(comment.issue) === issue);
    return answer(
      200,
      found.slice(start, start + size).map((comment) => this.#viewComment(comment)),
    );
  }

  #createComment(issue: string, body: JsonObject): SimulatedResponse {
    const text = textAt(body, 'body');
    if (text === '' || text.length > MAX_BODY) return invalid('body');
    return answer(201, this.#viewComment(this.addComment(Number(issue), text, { login: bot.login, type: 'Bot' })));
  }

  #updateComment(id: string, body: JsonObject): SimulatedResponse {
    const comment = this.comments.find((one) => String(one.id) === id);
    const text = textAt(body, 'body');
    if (!comment) return notFound();
    if (text === '' || text.length > MAX_BODY) return invalid('body');
    comment.body = text;
    return answer(200, this.#viewComment(comment));
  }

  #createCheck(body: JsonObject): SimulatedResponse {
    const [name, sha] = [textAt(body, 'name'), textAt(body, 'head_sha')];
    if (name === '' || sha === '') return invalid('head_sha');
    const wrong = wrongInCheck(body);
    if (wrong) return invalid(wrong);
    const id = this.#nextId();
    const isCompleted = textAt(body, 'conclusion') !== '';
    const check: JsonObject = {
      ...{
        id,
        node_id: `CR_${id}`,
        external_id: '',
        name,
        head_sha: sha,
        status: isCompleted ? 'completed' : textAt(body, 'status') || 'queued',
        conclusion: textAt(body, 'conclusion') || null,
      },
      ...{ url: this.#pageOf('check-runs', id), html_url: null, details_url: textAt(body, 'details_url') || null },
      ...{ started_at: this.#time(), completed_at: isCompleted ? this.#time() : null },
      ...{ pull_requests: [], check_suite: null, app: null, output: this.#checkOutput(id, body) },
    };
    this.checks.push(check);
    return answer(201, check);
  }

  #updateCheck(id: string, body: JsonObject): SimulatedResponse {
    const at = this.checks.findIndex((check) => String(check['id']) === id);
    const check = this.checks[at];
    const wrong = wrongInCheck(body);
    if (!check) return notFound();
    if (wrong) return invalid(wrong);
    const updated: JsonObject = {
      ...check,
      ...{ status: textAt(body, 'conclusion') ? 'completed' : textAt(body, 'status') },
      ...{ conclusion: textAt(body, 'conclusion') || null, completed_at: this.#time() },
      output: this.#checkOutput(Number(id), body),
    };
    this.checks[at] = updated;
    return answer(200, updated);
  }

  #checkOutput(id: number, body: JsonObject): JsonObject {
    return {
      ...{ title: textAt(body, 'output', 'title'), summary: textAt(body, 'output', 'summary'), text: null },
      ...{ annotations_count: 0, annotations_url: this.#pageOf('check-runs', id, 'annotations') },
    };
  }

  #recordArtifact(body: JsonObject): SimulatedResponse {
    if (!this.isOrganization) return notFound();
    const environment = textAt(body, 'logical_environment');
    const name = textAt(body, 'deployment_name');
    if (!/^sha256:[a-f0-9]{64}$/.test(textAt(body, 'digest'))) return invalid('digest');
    if (environment === '' || environment.length > 128) return invalid('logical_environment');
    if (name === '' || name.length > 256) return invalid('deployment_name');
    this.artifactRecords.set(`${environment}/${name}`, body);
    return answer(200, { total_count: 1 });
  }

  #createCommitStatus(sha: string, body: JsonObject): SimulatedResponse {
    if (!['error', 'failure', 'pending', 'success'].includes(textAt(body, 'state'))) return invalid('state');
    if (textAt(body, 'description').length > 140) return invalid('description');
    const id = this.#nextId();
    const status: JsonObject = {
      ...{
        id,
        node_id: `SC_${id}`,
        avatar_url: null,
        url: this.#pageOf('statuses', sha),
        creator: bot,
        ...this.#times(),
      },
      ...{
        state: textAt(body, 'state'),
        context: textAt(body, 'context') || 'default',
        description: textAt(body, 'description') || null,
      },
      target_url: textAt(body, 'target_url') || null,
    };
    this.statuses.push({ sha, ...status });
    return answer(201, status);
  }

  #viewDeployment({ id, environment, sha, ref, payload, description }: GitHubDeployment): JsonObject {
    const page = this.#pageOf('deployments', id);
    return {
      ...{
        id,
        node_id: `DE_${id}`,
        url: page,
        sha,
        ref,
        task: 'deploy',
        payload,
        environment,
        original_environment: environment,
      },
      ...{
        description,
        creator: bot,
        ...this.#times(),
        statuses_url: `${page}/statuses`,
        repository_url: this.#pageOf(),
      },
      ...{ transient_environment: false, production_environment: environment === 'production' },
    };
  }

  #viewComment({ id, issue, author, body }: GitHubComment): JsonObject {
    return {
      ...{
        id,
        node_id: `IC_${id}`,
        url: this.#pageOf('issues', 'comments', id),
        issue_url: this.#pageOf('issues', issue),
      },
      ...{
        html_url: `https://github.com/${this.#repository}/pull/${issue}#issuecomment-${id}`,
        body,
        user: userOf(author),
      },
      ...{ ...this.#times(), author_association: author.type === 'Bot' ? 'NONE' : 'CONTRIBUTOR' },
    };
  }

  #times(): JsonObject {
    return { created_at: this.#time(), updated_at: this.#time() };
  }

  #time(): string {
    return new Date(this.#clock.now()).toISOString().replace(/\.\d+Z$/, 'Z');
  }

  #pageOf(...parts: readonly (string | number)[]): string {
    return ['https:/', `${this.#host}${this.#base}`, 'repos', this.#repository, ...parts].join('/');
  }

  #nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }
}

interface Route {
  readonly operation: string;
  readonly method: string;
  readonly path: RegExp;
  readonly permission: Permission;
  answer(at: string, body: JsonObject, query: URLSearchParams): SimulatedResponse;
}

const DOCS = 'https://docs.github.com/rest';

function userOf({ login, type }: GitHubComment['author']): JsonObject {
  const url = `https://api.github.com/users/${encodeURIComponent(login)}`;
  const pages = ['followers', 'following', 'gists', 'starred', 'subscriptions', 'repos', 'events', 'received_events'];
  return {
    ...{ login, id: 41_898_282, node_id: 'MDM6Qm90NDE4OTgyODI=', type, site_admin: false, gravatar_id: '' },
    ...{
      url,
      html_url: `https://github.com/${login}`,
      avatar_url: 'https://avatars.githubusercontent.com/in/15368?v=4',
    },
    ...{
      organizations_url: `${url}/orgs`,
      ...Object.fromEntries(pages.map((page) => [`${page}_url`, `${url}/${page}`])),
    },
  };
}

const bot = { ...userOf({ login: 'github-actions[bot]', type: 'Bot' }), login: 'github-actions[bot]' };

/** The field of a check run that GitHub refuses; null: none. */
function wrongInCheck(body: JsonObject): string | null {
  const [status, conclusion] = [textAt(body, 'status'), textAt(body, 'conclusion')];
  if (status === 'completed' && conclusion === '') return 'conclusion';
  return textAt(body, 'output', 'summary').length > 65_535 ? 'summary' : null;
}

function mayRead(permissions: ReadonlySet<Permission>, { permission }: Pick<Route, 'permission'>): boolean {
  return permission === 'deployments' && permissions.has('deployments:read');
}

function readJson(body: Buffer): JsonObject | null {
  if (body.length === 0) return {};
  try {
    const parsed = JSON.parse(body.toString()) as Json;
    return isObject(parsed) ? parsed : null;
  } catch {
    return null;
  }
}

function answer(status: number, document: unknown): SimulatedResponse {
  return { status, headers: { 'content-type': 'application/json; charset=utf-8' }, body: JSON.stringify(document) };
}

function notFound(): SimulatedResponse {
  return answer(404, { message: 'Not Found', documentation_url: DOCS, status: '404' });
}

function invalid(field: string): SimulatedResponse {
  return answer(422, { message: 'Validation Failed', errors: [{ field, code: 'invalid' }], documentation_url: DOCS });
}
