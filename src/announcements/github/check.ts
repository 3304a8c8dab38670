import type { GitHubOptions } from '../../model/announcement.ts';
import { isGreen } from '../../model/outcome.ts';
import type { Evidence } from '../../report/evidence.ts';
import { headline } from '../../report/headline.ts';
import { renderSummary } from '../../report/summary.ts';
import { cutText } from '../message.ts';
import type { GitHubApi } from './api.ts';

const LONGEST_DESCRIPTION = 140;
const LONGEST_NAME = 100;
const MAX_SUMMARY = 65_535;

/** How it ended, at the commit: as a check run, whose page has the summary, or as a commit status. */
export async function writeCheck(
  api: GitHubApi,
  kind: Exclude<GitHubOptions['check'], 'none'>,
  { commit, evidence }: { readonly commit: string; readonly evidence: Evidence },
): Promise<void> {
  const { owner, repo } = api;
  const { outcome, record, run } = evidence;
  const title = headline(evidence);
  const name = cutText(`deploy-agent: ${record.resource ?? run.requested.service ?? 'deployment'}`, LONGEST_NAME);
  const page = run.runUrl;
  if (kind === 'status') {
    await api.request('POST /repos/{owner}/{repo}/statuses/{sha}', {
      ...{ owner, repo, sha: commit, context: name, description: cutText(title, LONGEST_DESCRIPTION) },
      state: isGreen(outcome) ? 'success' : 'failure',
      ...(page ? { target_url: page } : {}),
    });
    return;
  }
  const summary = renderSummary(evidence, MAX_SUMMARY);
  await api.request('POST /repos/{owner}/{repo}/check-runs', {
    ...{ owner, repo, name, head_sha: commit, status: 'completed' },
    conclusion: isGreen(outcome) ? 'success' : 'failure',
    ...(page ? { details_url: page } : {}),
    output: { title: cutText(title, 255), summary: Buffer.byteLength(summary) <= MAX_SUMMARY ? summary : title },
  });
}
