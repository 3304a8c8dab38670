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

/** How much a summary may have where it is shown. */
export interface Room {
  readonly maxBytes: number;
  /** Of a line end, where it becomes another on the way. Default: 1. */
  readonly lineEndBytes?: number;
}

/** GitHub shows nothing of a longer one. The runner uploads a copy, whose lines end in CRLF on Windows (actions/runner FileCommandManager.cs). */
const JOB_SUMMARY: Room = { maxBytes: 1_048_576, lineEndBytes: 2 };
/** Tried in turn. With the last one, any summary fits: an escaped character takes at most 18 bytes. */
const LIMITS: readonly Limit[] = [
  { characters: 20_000, items: 200 },
  { characters: 2_000, items: 60 },
  { characters: 200, items: 20 },
];

/** The job summary, in GitHub's Markdown, within its limit of size; within a much smaller one where that is possible. All text from outside is escaped. */
export function renderSummary(evidence: Evidence, room: Room = JOB_SUMMARY): string {
  const whole = render(evidence);
  if (fits(whole, room)) return whole;
  let text = whole;
  for (const limit of LIMITS) {
    text = `${render(cutInside(evidence, limit))}\n${cutNote(room)}\n`;
    if (fits(text, room)) break;
  }
  return text;
}

function fits(text: string, { maxBytes, lineEndBytes = 1 }: Room): boolean {
  const lineEnds = text.split('\n').length - 1;
  return Buffer.byteLength(text) + lineEnds * (lineEndBytes - 1) <= maxBytes;
}

function cutNote(room: Room): string {
  const why =
    room === JOB_SUMMARY ? 'GitHub shows none above 1 MiB' : `at most ${room.maxBytes} bytes can be shown here`;
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
    logsSection(record),
    restoreSection(record),
    warningsSection(record),
    phasesSection(record),
    detailsSection(outcome, record),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

/** What was started, by whom, and where to look. */
function originLine(
  { kind }: Outcome,
  run: RunFacts,
  { resource, url, previewUrl, consoleUrl, logs }: RunRecord,
): string {
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
    ...(logs?.url ? [link('Service logs', logs.url)] : []),
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

function logsSection({ logs }: RunRecord): string {
  return logs?.command ? folded('To read the logs of the service', codeBlock([logs.command])) : '';
}

function restoreSection({ restoreCommand }: RunRecord): string {
  return restoreCommand ? folded('To roll back by hand', codeBlock([restoreCommand])) : '';
}

/** All of them, as GitHub shows ten annotations of a kind. */
function warningsSection({ warnings }: RunRecord): string {
  return warnings.length === 0 ? '' : folded(`Warnings and notices: ${warnings.length}`, list(warnings));
}

function phasesSection({ phases, startedAt, finishedAt }: RunRecord): string {
  if (phases.length === 0) return '';
  const rows = phases.map(({ name, durationMs }) => [escapeMarkdown(name), formatDuration(durationMs)]);
  const total = formatDuration((finishedAt ?? startedAt) - startedAt);
  return folded(`Duration: ${total}`, table(['Phase', 'Duration'], [...rows, ['**Total**', total]]));
}
