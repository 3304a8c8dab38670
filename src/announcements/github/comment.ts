import { createHash } from 'node:crypto';
import type { GitHubApi } from '../../github/api.ts';
import { listAt, numberAt, textAt } from '../../model/json.ts';
import { escapeMarkdown, link } from '../../report/escape.ts';
import type { Evidence } from '../../report/evidence.ts';
import { headline, markOf } from '../../report/headline.ts';
import { renderSummary } from '../../report/summary.ts';

/** GitHub’s error says 65,536 characters; others measured 262,144 bytes (dead-claudia/github-limits#13). In bytes it is within both. */
const MAX_COMMENT = 65_536;
const PAGE = 100;
const MAX_PAGES = 10;

/** Writes the summary as a comment on the pull request, over the one that an earlier run wrote for the same service. */
export async function writeComment(api: GitHubApi, number: number, evidence: Evidence): Promise<void> {
  const { owner, repo } = api;
  const marker = markerOf(evidence);
  const body = `${marker}\n${bodyOf(evidence, MAX_COMMENT - marker.length - 1)}`;
  const known = await findComment(api, number, marker);
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
      comment_id: known,
      body,
    });
  }
}

/** Not shown. One for a service and a mode, so that several uses in one workflow have a comment each. */
export function markerOf({ outcome, record, run }: Evidence): string {
  const about = [outcome.kind === 'planned' ? 'plan' : 'preview', record.resource ?? run.requested.service ?? ''];
  return `<!-- deploy-agent ${createHash('sha256').update(about.join('\n')).digest('hex').slice(0, 16)} -->`;
}

/** The summary; where it is too long even when cut: its first line, and where the rest is. */
export function bodyOf(evidence: Evidence, limit: number): string {
  const { outcome, run } = evidence;
  const whole = renderSummary(evidence, { maxBytes: limit });
  if (Buffer.byteLength(whole) <= limit) return whole;
  const first = `## ${markOf(outcome)} ${escapeMarkdown(headline(evidence)).slice(0, 2_000)}`;
  return `${first}\n\nThe rest is too long for a comment${run.runUrl ? `: ${link('summary of the run', run.runUrl)}` : ''}.\n`;
}

/** Only what an app wrote: anyone can write a comment that starts with the marker. */
async function findComment(api: GitHubApi, number: number, marker: string): Promise<number | null> {
  const { owner, repo } = api;
  for (let page = 1; page <= MAX_PAGES; page += 1) {
    const listing = { owner, repo, issue_number: number, per_page: PAGE, page };
    const { data } = await api.request('GET /repos/{owner}/{repo}/issues/{issue_number}/comments', listing);
    const comments = listAt({ data }, 'data');
    const ours = comments.find(
      (comment) => textAt(comment, 'body').startsWith(marker) && textAt(comment, 'user', 'type') === 'Bot',
    );
    if (ours) return numberAt(ours, 'id');
    if (comments.length < PAGE) return null;
  }
  return null;
}
