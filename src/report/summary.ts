import { formatBytes, formatRate } from '../model/bytes.ts';
import { formatDuration } from '../model/duration.ts';
import type { CopyStatistics, Forecast, Outcome, RunRecord } from '../model/outcome.ts';
import type { SmokeTestResult } from '../model/smoke-test.ts';
import { autolink, codeBlock, codeSpan, escapeMarkdown } from './escape.ts';
import { describeForecast } from './forecast.ts';
import { headline, markOf } from './headline.ts';

/** The job summary, in GitHub's Markdown. All text from outside is escaped. */
export function renderSummary(outcome: Outcome, record: RunRecord): string {
  const parts = [
    `## ${markOf(outcome)} ${escapeMarkdown(headline(outcome, record))}`,
    factsTable(outcome, record),
    causeSection(outcome),
    notesSection(outcome.notes),
    record.forecast ? planSection(record.forecast) : smokeTestSection(record.smokeTests),
    phasesSection(record),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function factsTable(outcome: Outcome, record: RunRecord): string {
  const revision = revisionText(outcome);
  const rows: [string, string][] = [['Outcome', codeSpan(outcome.kind)]];
  if (record.resource) rows.push(['Service', escapeMarkdown(record.resource)]);
  if (record.image) rows.push(['Image', codeSpan(record.image)]);
  if (revision) rows.push(['Revision', revision]);
  for (const copy of record.copies) rows.push(['Copied', copyText(copy)]);
  if (record.url) rows.push(['URL', autolink(record.url)]);
  if (record.previewUrl) rows.push(['Preview', autolink(record.previewUrl)]);
  if (record.consoleUrl) rows.push(['Console', autolink(record.consoleUrl)]);
  return table(['', ''], rows);
}

/** null: no revision is known, or nothing was to be deployed. */
function revisionText({ kind, previousRevision, revision }: Outcome): string | null {
  if (previousRevision)
    return `before: ${codeSpan(previousRevision)}, now: ${revision ? codeSpan(revision) : 'unknown'}`;
  return revision && kind !== 'planned' ? `${codeSpan(revision)}, the first of this service` : null;
}

function copyText(copy: CopyStatistics): string {
  if (copy.isImported)
    return `imported directly by the registry, nothing through the runner, in ${formatDuration(copy.durationMs)}`;
  const amount = (blobs: number, bytes: number): string =>
    `${blobs} blobs${blobs > 0 ? ` (${formatBytes(bytes)})` : ''}`;
  const rate = copy.copiedBlobs > 0 ? `, ${formatRate(copy.copiedBytes, copy.durationMs)}` : '';
  const copied = `${amount(copy.copiedBlobs, copy.copiedBytes)} copied`;
  const saved = `${amount(copy.mountedBlobs, copy.mountedBytes)} mounted, ${amount(copy.skippedBlobs, copy.skippedBytes)} already present`;
  const referrers = copy.referrers ? `, ${copy.referrers.copied + copy.referrers.present} referrers` : '';
  const part = copy.platforms
    ? `; only ${copy.platforms.join(', ')}, so the digest differs from that of ${copy.source}`
    : '';
  return `${copied}, ${saved}${referrers}, in ${formatDuration(copy.durationMs)}${rate}${part}`;
}

function causeSection({ failure, diagnosis, rollback }: Outcome): string {
  if (!failure) return '';
  const parts = [`### Why`, escapeMarkdown(failure.message).replace(/ +- /g, '\n- ')];
  if (diagnosis?.cause) parts.push(escapeMarkdown(diagnosis.cause));
  const next = rollback ? null : (diagnosis?.hint ?? failure.hint);
  if (next) parts.push(`**Next step:** ${escapeMarkdown(next)}`);
  if (diagnosis && diagnosis.facts.length > 0) parts.push(codeBlock(diagnosis.facts));
  for (const { source, lines } of diagnosis?.logs ?? []) {
    parts.push(`Last log lines of ${codeSpan(source)}:`, codeBlock(lines));
  }
  return parts.join('\n\n');
}

function planSection(forecast: Forecast): string {
  return `### Plan\n\n${notesSection(describeForecast(forecast))}`;
}

function notesSection(notes: readonly string[]): string {
  return notes.map((note) => `- ${escapeMarkdown(note)}`).join('\n');
}

function smokeTestSection(results: readonly SmokeTestResult[] | null): string {
  if (!results) return '### Smoke tests\n\nNo smoke tests ran.';
  const rows = results.map((result): string[] => [
    result.passed ? '✅' : '❌',
    codeSpan(result.name),
    String(result.attempts),
    formatDuration(result.durationMs),
    escapeMarkdown(result.detail),
  ]);
  return `### Smoke tests\n\n${table(['', 'Test', 'Attempts', 'Duration', 'Result'], rows)}`;
}

function phasesSection(record: RunRecord): string {
  if (record.phases.length === 0) return '';
  const rows = record.phases.map(({ name, durationMs }) => [escapeMarkdown(name), formatDuration(durationMs)]);
  const total = formatDuration((record.finishedAt ?? record.startedAt) - record.startedAt);
  return `### Duration\n\n${table(['Phase', 'Duration'], [...rows, ['**Total**', total]])}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => '---'), ...rows];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
