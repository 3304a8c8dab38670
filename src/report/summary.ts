import { formatDuration } from '../model/duration.ts';
import type { Forecast, Outcome, RunRecord } from '../model/outcome.ts';
import { shortDigest, shortenNames } from '../model/short-names.ts';
import { causeSection } from './cause.ts';
import { changesSection } from './changes.ts';
import { checksSection } from './checks.ts';
import { cutInside, type Limit } from './cut.ts';
import { codeBlock, codeSpan, escapeMarkdown, folded, link, table } from './escape.ts';
import type { Evidence } from './evidence.ts';
import { detailsSection, verifiedSection } from './facts-table.ts';
import { describeForecast } from './forecast.ts';
import { headline, markOf } from './headline.ts';
import type { RunFacts } from './run-facts.ts';
import { timeline } from './timeline.ts';

/** GitHub shows nothing of a summary that is longer than 1 MiB (actions/runner FileCommandManager.cs). */
const MAX_BYTES = 1_000_000;
/** Tried in turn. With the last one, any summary fits: an escaped character takes at most 13 bytes. */
const LIMITS: readonly Limit[] = [
  { characters: 20_000, items: 200 },
  { characters: 2_000, items: 60 },
  { characters: 200, items: 20 },
];

/** The job summary, in GitHub's Markdown, within its limit of size; within a much smaller one where that is possible. All text from outside is escaped. */
export function renderSummary(evidence: Evidence, maxBytes = MAX_BYTES): string {
  const whole = render(evidence);
  if (Buffer.byteLength(whole) <= maxBytes) return whole;
  let text = whole;
  for (const limit of LIMITS) {
    text = `${render(cutInside(evidence, limit))}\n${cutNote(maxBytes)}\n`;
    if (Buffer.byteLength(text) <= maxBytes) break;
  }
  return text;
}

function cutNote(maxBytes: number): string {
  const why = maxBytes === MAX_BYTES ? 'GitHub shows none above 1 MiB' : `at most ${maxBytes} bytes can be shown here`;
  return `This summary was cut in the middle of its longest parts, as ${why}. The report (JSON) is complete.`;
}

function render(evidence: Evidence): string {
  const { outcome, record, run } = evidence;
  const parts = [
    `## ${markOf(outcome)} ${escapeMarkdown(headline(evidence))}`,
    originLine(outcome, run, record),
    requestedLine(outcome, record, run),
    servingLine(outcome),
    causeSection(outcome),
    changesSection(evidence),
    verifiedSection(record),
    record.forecast ? planSection(record.forecast) : timeline(outcome, record),
    record.forecast ? '' : checksSection(outcome, record),
    list(outcome.notes),
    restoreSection(record),
    phasesSection(record),
    detailsSection(outcome, record),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

/** What was started, by whom, and where to look. */
function originLine({ kind }: Outcome, run: RunFacts, { resource, url, previewUrl, consoleUrl }: RunRecord): string {
  const { repositoryUrl, actor, runUrl } = run;
  const parts = [
    // What was refused is told with its image.
    ...(resource && kind !== 'refused' ? [escapeMarkdown(resource)] : []),
    ...commitParts(run),
    ...(actor ? [`by ${escapeMarkdown(actor)}`] : []),
    ...(run.step && !run.step.startsWith('__') ? [`step ${codeSpan(run.step)}`] : []),
    ...(url ? [link('Service', url)] : []),
    ...(previewUrl ? [link('Preview', previewUrl)] : []),
    ...(consoleUrl ? [link('Console', consoleUrl)] : []),
    ...compareParts(run),
    ...(repositoryUrl && runUrl ? [link('Log', runUrl)] : []),
  ];
  return parts.join(' · ');
}

/** What is new since the commit that was deployed before. */
function compareParts({ repositoryUrl, previousCommit, commit }: RunFacts): readonly string[] {
  if (!repositoryUrl || !previousCommit || !commit || previousCommit === commit) return [];
  return [link('Compare', `${repositoryUrl}/compare/${previousCommit}...${commit}`)];
}

const SHORT_COMMIT = 7;

function commitParts({ commit, commitMessage, repositoryUrl }: RunFacts): readonly string[] {
  if (commit === null) return [];
  const short = commit.slice(0, SHORT_COMMIT);
  const name = repositoryUrl ? link(short, `${repositoryUrl}/commit/${commit}`) : codeSpan(short);
  return [commitMessage ? `Commit ${name} ${escapeMarkdown(commitMessage)}` : `Commit ${name}`];
}

/** Of a run that ended before it knew more than its inputs. */
function requestedLine({ kind }: Outcome, { image, resource }: RunRecord, { requested }: RunFacts): string {
  if (kind !== 'refused') return '';
  const [what, where] = [image ?? requested.image, resource ?? requested.service];
  const parts = [what && codeSpan(what), where && `to ${escapeMarkdown(where)}`].filter(Boolean);
  return parts.length > 0 ? `Was to be deployed: ${parts.join(' ')}` : '';
}

function servingLine({ kind, revision, failure }: Outcome): string {
  if (!failure || kind === 'kept') return '';
  if (revision) return `**Serving now:** ${codeSpan(revision)}`;
  return kind === 'rollback-failed' || kind === 'rollback-unconfirmed' ? '**Serving now:** unknown' : '';
}

function planSection(forecast: Forecast): string {
  return `### Plan\n\n${describeForecast(forecast).map(planItem).join('\n')}`;
}

/** A step has its number already. */
function planItem(line: string): string {
  const [, number, step] = /^(\d{1,9})\. (.*)$/s.exec(line) ?? [];
  return number && step
    ? `${number}. ${escapeMarkdown(step)}`
    : `- ${escapeMarkdown(shortenNames(line, [shortDigest]))}`;
}

function list(notes: readonly string[]): string {
  return notes.map((note) => `- ${escapeMarkdown(note)}`).join('\n');
}

function restoreSection({ restoreCommand }: RunRecord): string {
  return restoreCommand ? folded('To roll back by hand', codeBlock([restoreCommand])) : '';
}

function phasesSection({ phases, startedAt, finishedAt }: RunRecord): string {
  if (phases.length === 0) return '';
  const rows = phases.map(({ name, durationMs }) => [escapeMarkdown(name), formatDuration(durationMs)]);
  const total = formatDuration((finishedAt ?? startedAt) - startedAt);
  return folded(`Duration: ${total}`, table(['Phase', 'Duration'], [...rows, ['**Total**', total]]));
}
