import { createHash } from 'node:crypto';
import type { GitHubApi } from '../../github/api.ts';
import type { GitHubOptions } from '../../model/announcement.ts';
import { numberAt } from '../../model/json.ts';
import { isGreen, type RunRecord } from '../../model/outcome.ts';
import { escapeMarkdown } from '../../report/escape.ts';
import type { Evidence } from '../../report/evidence.ts';
import { headline, startHeadline } from '../../report/headline.ts';
import type { RunFacts } from '../../report/run-facts.ts';
import { renderSummary } from '../../report/summary.ts';
import { cutText, lineOf } from '../message.ts';
import type { ReviewedKind } from './comment.ts';

const LONGEST_DESCRIPTION = 140;
const LONGEST_NAME = 100;
const LONGEST_TITLE = 255;
const HASH_LENGTH = 8;
/** In bytes, whatever the description of the API says (github/docs#35252). */
const MAX_SUMMARY = 65_535;

export type CheckKind = Exclude<GitHubOptions['check'], 'none'>;

/** What a check is of, and where it is shown. */
export interface CheckSubject {
  readonly commit: string;
  readonly record: RunRecord;
  readonly run: RunFacts;
  /** null: it is of a deployment. */
  readonly reviewed: ReviewedKind | null;
}

interface CheckEnd extends Pick<CheckSubject, 'commit' | 'reviewed'> {
  readonly evidence: Evidence;
  /** Of the check run that is in progress; null: none is. */
  readonly id: number | null;
}

/** It is in progress from now on. Returns the ID of the check run; null: a commit status has none. */
export async function startCheck(api: GitHubApi, kind: CheckKind, subject: CheckSubject): Promise<number | null> {
  const title = startHeadline(subject.run, subject.reviewed === 'preview');
  if (kind === 'status') {
    await writeStatus(api, 'pending', title, subject);
    return null;
  }
  const { data } = await api.request('POST /repos/{owner}/{repo}/check-runs', {
    ...identityOf(api, subject),
    status: 'in_progress',
    output: { title: lineOf(title, LONGEST_TITLE), summary: escapeMarkdown(title) },
  });
  return numberAt(data, 'id');
}

/**
 * How it ended, at the commit: as a check run, whose page has the summary, or as a commit status.
 */
export async function endCheck(
  api: GitHubApi,
  kind: CheckKind,
  { commit, evidence, reviewed, id }: CheckEnd,
): Promise<void> {
  const { outcome } = evidence;
  const subject = { ...evidence, commit, reviewed };
  const title = headline(evidence);
  if (kind === 'status') {
    await writeStatus(api, isGreen(outcome) ? 'success' : 'failure', title, subject);
    return;
  }
  const summary = renderSummary(evidence, { maxBytes: MAX_SUMMARY });
  const ending = {
    status: 'completed' as const,
    conclusion: isGreen(outcome) ? ('success' as const) : ('failure' as const),
    output: {
      title: lineOf(title, LONGEST_TITLE),
      summary: Buffer.byteLength(summary) <= MAX_SUMMARY ? summary : escapeMarkdown(title),
    },
  };
  if (id === null) {
    await api.request('POST /repos/{owner}/{repo}/check-runs', { ...identityOf(api, subject), ...ending });
    return;
  }
  const { owner, repo } = api;
  await api.request('PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}', {
    ...{ owner, repo, check_run_id: id },
    ...ending,
  });
}

function identityOf({ owner, repo }: GitHubApi, subject: CheckSubject) {
  const page = subject.run.runUrl;
  return { owner, repo, name: nameOf(subject), head_sha: subject.commit, ...(page ? { details_url: page } : {}) };
}

async function writeStatus(
  { owner, repo, request }: GitHubApi,
  state: 'pending' | 'success' | 'failure',
  title: string,
  subject: CheckSubject,
): Promise<void> {
  const page = subject.run.runUrl;
  await request('POST /repos/{owner}/{repo}/statuses/{sha}', {
    ...{ owner, repo, sha: subject.commit, context: nameOf(subject), state },
    description: lineOf(title, LONGEST_DESCRIPTION),
    ...(page ? { target_url: page } : {}),
  });
}

/**
 * The same at the start and at the end, and another for each service, environment and mode: GitHub shows the newest of a name,
 * so a plan must not replace a preview that failed, and a name that is cut ends in the hash of the whole.
 */
function nameOf({ record, run, reviewed }: CheckSubject): string {
  const { environment, requested } = run;
  const service = record.resource ?? requested.service ?? 'deployment';
  const name = lineOf(
    `deploy-agent${reviewed === null ? '' : ` ${reviewed}`}: ${service}${environment === null ? '' : `, ${environment}`}`,
    Number.POSITIVE_INFINITY,
  );
  if (name.length <= LONGEST_NAME) return name;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, HASH_LENGTH);
  return `${cutText(name, LONGEST_NAME - HASH_LENGTH - 1)} ${hash}`;
}
