import { createHash } from 'node:crypto';
import type { GitHubApi } from '../../github/api.ts';
import { listAt, numberAt, textAt } from '../../model/json.ts';
import { escapeMarkdown, link } from '../../report/escape.ts';
import type { Evidence } from '../../report/evidence.ts';
import { headline, markOf } from '../../report/headline.ts';
import { renderSummary } from '../../report/summary.ts';
import { cutText } from '../message.ts';

/** GitHub’s error says 65,536 characters; others measured 262,144 bytes (dead-claudia/github-limits#13). In bytes it is within both. */
const MAX_COMMENT = 65_536;
const LONGEST_TITLE = 100;
const PAGE = 100;
const MAX_PAGES = 10;

/** What a comment on a pull request is about. */
export type ReviewedKind = 'plan' | 'preview';

interface FoundComment {
  readonly id: number;
  readonly marker: string;
}

/**
 * Writes the summary as a comment on the pull request, over the one that an earlier run wrote for the same service: also why
 * the newest run has no plan or preview.
 */
export async function writeComment(
  api: GitHubApi,
  number: number,
  { kind, evidence }: { readonly kind: ReviewedKind; readonly evidence: Evidence },
): Promise<void> {
  const { owner, repo } = api;
  const own = markerOf(kind, evidence);
  const known = await findComment(api, number, own);
  // A run that was refused before it knew the service leaves the marker that the next one looks for.
  const marker = known !== null && evidence.record.resource === null ? known.marker : own.whole;
  const body = `${marker}\n${bodyOf(evidence, MAX_COMMENT - marker.length - 1)}`;
  if (known === null) {
    await api.request('POST /repos/{owner}/{repo}/issues/{issue_number}/comments', {
      owner,
      repo,
      issue_number: number,
      body,
    });
  } else {
    await api.request('PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}', {
      owner,
      repo,
      comment_id: known.id,
      body,
    });
  }
}

/** Not shown: the first line of a comment. `start`: as far as the inputs say it; the rest is the service as the cloud names it. */
export interface Marker {
  readonly start: string;
  readonly whole: string;
}

/** One for a service, its environment and a mode, so that several uses in one workflow have a comment each. */
export function markerOf(kind: ReviewedKind, { record, run }: Evidence): Marker {
  const { environment, requested } = run;
  const start = `<!-- deploy-agent ${shortHash(kind, environment ?? '', requested.service ?? '')}`;
  return { start, whole: `${start}${record.resource === null ? '' : ` ${shortHash(record.resource)}`} -->` };
}

function shortHash(...parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 16);
}

/** The summary; where it is too long even when cut: its first line, and where the rest is. */
export function bodyOf(evidence: Evidence, limit: number): string {
  const { outcome, run } = evidence;
  const whole = renderSummary(evidence, { maxBytes: limit });
  if (Buffer.byteLength(whole) <= limit) return whole;
  const first = `## ${markOf(outcome)} ${escapeMarkdown(cutText(headline(evidence), LONGEST_TITLE))}`;
  return `${first}\n\nThe rest is too long for a comment${run.runUrl ? `: ${link('summary of the run', run.runUrl)}` : ''}.\n`;
}

/**
 * That of the service, or else the only one that may be its own. Only what an app wrote: anyone can write a comment that
 * starts with the marker.
 */
async function findComment(api: GitHubApi, number: number, { start, whole }: Marker): Promise<FoundComment | null> {
  const { owner, repo } = api;
  const isKnown = whole !== `${start} -->`;
  const similar: FoundComment[] = [];
  for (let page = 1; page <= MAX_PAGES; page += 1) {
    const listing = { owner, repo, issue_number: number, per_page: PAGE, page };
    const { data } = await api.request('GET /repos/{owner}/{repo}/issues/{issue_number}/comments', listing);
    const comments = listAt({ data }, 'data');
    const found = comments
      .filter((comment) => textAt(comment, 'user', 'type') === 'Bot')
      .map((comment) => ({ id: numberAt(comment, 'id'), marker: textAt(comment, 'body').split(/\r?\n/, 1)[0]! }))
      .filter(({ marker }) => marker.startsWith(start));
    const same = found.find(({ marker }) => marker === whole);
    if (same) return same;
    similar.push(...found.filter(({ marker }) => !isKnown || marker === `${start} -->`));
    if (comments.length < PAGE) break;
  }
  return similar.length === 1 ? similar[0]! : null;
}
