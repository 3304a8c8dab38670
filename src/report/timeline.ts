import type { Outcome, Phase, RunRecord } from '../model/outcome.ts';
import { ROLLBACK, trafficSpans } from './traffic-spans.ts';

interface Bar {
  readonly section: string;
  readonly label: string;
  /** How Mermaid colours it. */
  readonly kind: 'done' | 'crit' | null;
  readonly from: number;
  readonly to: number;
}

const LONGEST_LABEL = 60;
const MOST_BARS = 60;
/** A phase that takes less than this part of the whole has no width: the table of durations has it. */
const SHORTEST_PART = 200;
const SHORTEST_MS = 1_000;
const MOST_TICKS = 8;
/** In seconds, up to a day and more. */
const TICKS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 28_800];
/** What a line of the diagram would start another statement with, or a date. */
const STATEMENT =
  /^(?:\d{4}-\d\d-\d\d|gantt|title|section|click|call|href|date|excludes|includes|today|axis|top|tick|week|acc|inclusive)/i;

/** The phases, the traffic and the rollback as a Mermaid diagram; '': too little happened. Times are the browser's. */
export function timeline(outcome: Outcome, record: RunRecord): string {
  if (record.phases.length < 2) return '';
  const all = [...phaseBars(record.phases), ...trafficBars(record), ...rollbackBars(outcome, record.phases)];
  const spanMs = Math.max(...all.map(({ to }) => to)) - Math.min(...all.map(({ from }) => from));
  const bars = all.filter(({ section, from, to }) => section !== 'Release' || to - from >= spanMs / SHORTEST_PART);
  if (bars.length === 0 || spanMs < SHORTEST_MS) return '';
  const sections = Map.groupBy(bars.slice(0, MOST_BARS), ({ section }) => section);
  const lines = [...sections].flatMap(([section, some]) => [`  section ${section}`, ...some.map(barLine)]);
  return [
    '```mermaid',
    'gantt',
    '  dateFormat x',
    '  axisFormat %H:%M:%S',
    `  tickInterval ${tickOf(spanMs)}`,
    '  todayMarker off',
    ...lines,
    '```',
  ].join('\n');
}

/** So that their labels do not overlap: Mermaid's own choice is up to twenty. */
function tickOf(spanMs: number): string {
  const seconds = TICKS.find((tick) => spanMs / 1_000 / tick <= MOST_TICKS) ?? TICKS.at(-1)!;
  return seconds < 60 ? `${seconds}second` : `${seconds / 60}minute`;
}

function phaseBars(phases: readonly Phase[]): readonly Bar[] {
  const isTraffic = ({ name }: Phase): boolean => /^(?:Traffic|Analyze) /.test(name);
  return phases
    .filter((phase) => phase.name !== ROLLBACK && !isTraffic(phase))
    .map(({ name, ...times }) => ({ section: 'Release', label: name, kind: 'done', ...endsOf(times) }));
}

function trafficBars(record: RunRecord): readonly Bar[] {
  return trafficSpans(record).map(({ move, passedRounds, isBad, ...times }) => {
    const checks = passedRounds === null ? '' : ` - checks passed ${passedRounds} times`;
    return { section: 'Traffic', label: `${move.inForce}%${checks}`, kind: isBad ? 'crit' : null, ...times };
  });
}

function rollbackBars({ previousRevision }: Outcome, phases: readonly Phase[]): readonly Bar[] {
  return phases
    .filter(({ name }) => name === ROLLBACK)
    .map((phase) => ({
      ...{ section: 'Rollback', kind: 'crit' },
      label: previousRevision === null ? ROLLBACK : `${ROLLBACK} to ${previousRevision}`,
      ...endsOf(phase),
    }));
}

function endsOf({ startedAt, durationMs }: Omit<Phase, 'name'>): Pick<Bar, 'from' | 'to'> {
  return { from: startedAt, to: startedAt + durationMs };
}

function barLine({ label, kind, from, to }: Bar): string {
  return `  ${plain(label)} :${kind === null ? '' : `${kind}, `}${from}, ${Math.max(to, from + 1)}`;
}

/**
 * A colon would end the label, a percent sign makes a comment of the line, and other signs mean something too: those of names
 * are written by their number, as Mermaid has it (`#58;`), others are left out.
 */
function plain(label: string): string {
  const text = label
    .replace(/[^\p{L}\p{N} .()/:%_@+=,-]+/gu, ' ')
    .trim()
    .slice(0, LONGEST_LABEL)
    .toWellFormed();
  const shown = text === '' || STATEMENT.test(text) ? `- ${text}` : text;
  return shown.replace(/[:%_@+=,]/g, (sign) => `#${sign.charCodeAt(0)};`);
}
