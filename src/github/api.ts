import { Octokit } from '@octokit/core';
import { type HttpResponse, readBody } from '../io/http.ts';
import type { CancellableIo } from '../io/io.ts';
import { retryTransient } from '../io/retry-transient.ts';
import { DeployError } from '../model/errors.ts';
import { textAt, tryParseJson } from '../model/json.ts';
import { visible } from '../model/visible.ts';

const TIMEOUT_MS = 4_000;
const MAX_BYTES = 16 * 1024 * 1024;
const LONGEST_ANSWER = 300;
/** Of what may be sent again. */
const TRIES = 3;

/** GitHub's REST API of one repository, with one token. */
export interface GitHubApi {
  readonly owner: string;
  readonly repo: string;
  readonly request: Octokit['request'];
}

/**
 * The API that the runner names: api.github.com, or that of GitHub Enterprise. The token goes to its origin and nowhere else,
 * as no redirect is followed.
 * @throws DeployError INPUT_INVALID where the runner names none
 */
export function openGitHubApi(token: string, { io, signal }: CancellableIo): GitHubApi {
  const base = URL.parse(io.env['GITHUB_API_URL'] ?? '');
  const [owner, repo, ...rest] = (io.env['GITHUB_REPOSITORY'] ?? '').split('/');
  if (!base || !/^https?:$/.test(base.protocol) || !owner || !repo || rest.length > 0) {
    throw new DeployError('INPUT_INVALID', 'could not use GitHub’s API: the runner names no address or no repository', {
      hint: 'It is there in a job of GitHub Actions only (GITHUB_API_URL, GITHUB_REPOSITORY).',
    });
  }
  const octokit = new Octokit({
    auth: token,
    baseUrl: base.href.replace(/\/$/, ''),
    userAgent: 'deploy-agent',
    // Its own prints the address and what is deprecated of it to the job's log.
    log: { debug() {}, info() {}, warn() {}, error() {} },
    request: { fetch: fetchFrom(base.origin, { io, signal }) },
  });
  return { owner, repo, request: octokit.request };
}

/** A `fetch` for Octokit through our own sockets: the job's proxy, time-outs, and a bound on what is read. */
function fetchFrom(origin: string, { io, signal }: CancellableIo) {
  return async (address: string, init: RequestInit = {}): Promise<Response> => {
    const url = new URL(address);
    if (url.origin !== origin)
      throw new DeployError('INPUT_INVALID', `could not use ${url.host}: it is not GitHub’s API`, {
        hint: `The token goes to ${origin} alone (GITHUB_API_URL).`,
      });
    const method = init.method ?? 'GET';
    const send = async () => {
      const response = await io.http.send({
        ...{ method, url, headers: Object.fromEntries(new Headers(init.headers)) },
        ...(init.body ? { body: String(init.body) } : {}),
        ...{ timeoutMs: TIMEOUT_MS, signal },
      });
      const body = await readBody(response, { maxBytes: MAX_BYTES, timeoutMs: TIMEOUT_MS });
      if (isLimited(response, body) || response.status >= 500) throw refusal(response, body);
      return { ...response, body };
    };
    // What would be there twice is sent once: whether GitHub has taken it is not known.
    const tries = method !== 'POST' || url.pathname.includes('/statuses') ? TRIES : 1;
    // A limit passes after a minute at the earliest, and nothing waits here for so long.
    const policy = { tries, throttledTries: 1, firstDelayMs: 500 };
    const { body, ...response } = await retryTransient(send, policy, { clock: io.clock, signal });
    if (response.status < 200 || (response.status >= 300 && response.status < 400)) {
      throw new DeployError('NETWORK', `could not use ${url.host}: it redirects (status ${response.status})`, {
        hint: 'Check GITHUB_REPOSITORY: a repository that was renamed is redirected, and the token follows no redirect.',
      });
    }
    const type = response.headers['content-type'];
    const isEmpty = response.status === 204;
    return new Response(isEmpty ? null : new Uint8Array(body), {
      status: response.status,
      ...(type ? { headers: { 'content-type': type } } : {}),
    });
  };
}

const NOT_AFFECTED = 'The deployment itself is not affected.';

/** https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api: 403 or 429, with one of these headers. */
function isLimited({ status, headers }: HttpResponse, body: Buffer): boolean {
  if (status === 429) return true;
  if (status !== 403) return false;
  const isUsedUp = headers['x-ratelimit-remaining'] === '0' || headers['retry-after'] !== undefined;
  return isUsedUp || /rate limit/i.test(saidIn(body));
}

/** Of the service itself, or of its limits: none of our doing, and no permission helps. */
function refusal({ status, headers }: HttpResponse, body: Buffer): DeployError {
  const message = joinSaid(`status ${status}`, saidIn(body));
  if (status >= 500) return new DeployError('NETWORK', message, { hint: NOT_AFFECTED });
  const seconds = Number(headers['retry-after']);
  const wait = seconds > 0 ? ` It takes more after ${seconds} seconds.` : '';
  return new DeployError('THROTTLED', message, { hint: `GitHub takes no more requests of this token now.${wait}` });
}

function saidIn(body: Buffer): string {
  return textAt(tryParseJson(body.toString()), 'message');
}

function joinSaid(what: string, said: string): string {
  const shown = visible(said).replace(/\s+/g, ' ').trim().slice(0, LONGEST_ANSWER);
  return shown === '' ? what : `${what}: ${shown}`;
}

/** As GitHub says it of a token. Other refusals are of the place: a locked conversation, an archived repository, single sign-on. */
const NOT_ALLOWED = /not accessible|permission|admin rights/i;
const FORKS_ONLY_READ = ' In a pull request of a fork or of Dependabot, the token can only read.';
/** What else a refusal may mean. */
const ORGANIZATIONS_ONLY: ReadonlyMap<string, string> = new Map([
  ['artifact-metadata: write', ' Only a repository of an organization has such records.'],
]);

/** What Octokit throws as ours. `permission`: what the job's token needs. */
export function explainGitHubError(error: unknown, what: string, permission: string): DeployError {
  const cause = error instanceof Error && error.cause instanceof DeployError ? error.cause : error;
  if (cause instanceof DeployError) {
    return new DeployError(cause.code, `could not ${what}: ${cause.message}`, {
      cause,
      hint: cause.hint ?? NOT_AFFECTED,
    });
  }
  const status = error instanceof Error && 'status' in error ? Number(error.status) : 0;
  const said = error instanceof Error ? error.message : String(error);
  const message = joinSaid(`could not ${what}`, status > 0 ? joinSaid(`status ${status}`, said) : said);
  if (status === 401) return new DeployError('AUTH_FAILED', message, { hint: 'Check the token in `github-token`.' });
  if (status === 404 || (status === 403 && NOT_ALLOWED.test(said))) {
    const fork = permission.endsWith('write') ? FORKS_ONLY_READ : '';
    return new DeployError('PERMISSION_DENIED', message, {
      hint: `Add \`${permission}\` to the job’s \`permissions\`.${fork}${ORGANIZATIONS_ONLY.get(permission) ?? ''}`,
    });
  }
  return new DeployError('NETWORK', message, { hint: NOT_AFFECTED });
}
