import { markdownTable } from '../markdown-table.ts';
import type { RowFigures, ToolFigures } from './measure-row.ts';
import type { ToolKind } from './tools.ts';

/** What we want to reach, beside what was measured. */
interface BarCheck {
  readonly what: string;
  /** null: what it takes was not there. */
  readonly measured: number | null;
  /** The same for our time without the start of the process, which an action has behind it; absent: no time. */
  readonly inProcess?: number | null;
  readonly most: number;
}

/**
 * 8 x 100 MB, all at once, and nothing but what has to follow on something else: read the manifest and open the uploads, each
 * by a new connection (80 + 40 ms); 100 MB at 60 MB/s and the answer; push the manifest (40 ms each).
 */
const FLOOR_MS = 120 + 120 + (100 / 60) * 1000 + 40 + 40;
const NEAR_PEERS = ['crane', 'skopeo'];

/** The bar for one network, as a table. */
export function checkBar(network: string, figures: readonly RowFigures[]): string {
  const uncut = figures.find(({ row }) => row.name === 'big');
  const checks = [
    ...figures.flatMap((row) => (network === 'cloud' ? checkFar(row, uncut) : checkNear(row))),
    ...checkMemory(figures),
  ];
  return markdownTable([['bar', 'measured', 'without our start', 'at most', 'met'], ...checks.map(toLine)]);
}

function toLine({ what, measured, inProcess, most }: BarCheck): string[] {
  const say = (value: number | null | undefined): string => (value == null ? '' : String(Number(value.toFixed(2))));
  if (measured === null) return [what, 'not measured', '', say(most), '-'];
  const isMet = measured <= most ? 'yes' : 'no';
  const isMetInside = isMet === 'no' && inProcess != null && inProcess <= most;
  return [what, say(measured), say(inProcess), say(most), isMetInside ? 'only without our start' : isMet];
}

function checkFar(figures: RowFigures, uncut: RowFigures | undefined): readonly BarCheck[] {
  const { row } = figures;
  const ours = oursOf(figures);
  if (row.cut !== 'none') return checkCut(figures, uncut);
  const toTuned = { what: `${row.title}: to the best tuned`, ...ratios(ours, best(figures, 'tuned')), most: 0.95 };
  if (row.way === 'again') return [toTuned, ...checkAgain(figures)];
  if (row.way === 'retag') {
    return [toTuned, { what: `${row.title}: requests`, measured: ours.traffic?.requests ?? null, most: 3 }];
  }
  if (row.way === 'mount') return [toTuned];
  const toFloor = { what: `${row.title}: to the floor`, ...ratios(ours, FLOOR_MS), most: 1.25 };
  const toDefault = row.name === 'index' ? 0.65 : 0.5;
  return [
    { what: `${row.title}: to the best default`, ...ratios(ours, best(figures, 'default')), most: toDefault },
    toTuned,
    ...(row.name === 'big'
      ? [
          toFloor,
          { what: `${row.title}: CPU seconds`, measured: ours.cpuMs === null ? null : ours.cpuMs / 1000, most: 1.3 },
        ]
      : []),
  ];
}

function checkNear(figures: RowFigures): readonly BarCheck[] {
  const { row, tools } = figures;
  if (row.way !== 'across') return [];
  const peers = tools.filter(({ tool, failure }) => NEAR_PEERS.includes(tool.name) && failure === null);
  const middleMs = peers.reduce((sum, { wallMs }) => sum + wallMs, 0) / NEAR_PEERS.length;
  const measured = ratios(oursOf(figures), peers.length === NEAR_PEERS.length ? middleMs : null);
  return [{ what: `${row.title}: to the median of crane and skopeo`, ...measured, most: 1.1 }];
}

function checkCut(figures: RowFigures, uncut: RowFigures | undefined): readonly BarCheck[] {
  const { row, imageBytes } = figures;
  const ours = oursOf(figures);
  const hasEnded = ours.failure === null;
  const more = hasEnded && uncut ? (ours.wallMs - oursOf(uncut).wallMs) / 1000 : null;
  const written = hasEnded && ours.traffic ? ours.traffic.bytesWritten / imageBytes : null;
  return [
    { what: `${row.title}: seconds more`, measured: more, most: 5 },
    { what: `${row.title}: bytes sent to the image's`, measured: written, most: 1.6 },
  ];
}

function checkAgain(figures: RowFigures): readonly BarCheck[] {
  const { row, tools } = figures;
  const { traffic } = oursOf(figures);
  const regctl = tools.find(({ tool }) => tool.name === 'regctl')?.traffic?.requests;
  return [
    {
      what: `${row.title}: requests to regctl's`,
      measured: traffic && regctl ? traffic.requests / regctl : null,
      most: 1,
    },
    { what: `${row.title}: blob bytes`, measured: traffic && traffic.bytesRead + traffic.bytesWritten, most: 0 },
  ];
}

function checkMemory(figures: readonly RowFigures[]): readonly BarCheck[] {
  const peaks = figures.map((row) => oursOf(row).peakBytes).filter((peak) => peak !== null);
  return [{ what: 'peak memory, MB', measured: peaks.length > 0 ? Math.max(...peaks) / 1e6 : null, most: 100 }];
}

function ratios({ wallMs, inProcessMs }: ToolFigures, toMs: number | null) {
  if (toMs === null) return { measured: null, inProcess: null };
  return { measured: wallMs / toMs, inProcess: inProcessMs === null ? null : inProcessMs / toMs };
}

function best({ tools }: RowFigures, kind: ToolKind): number | null {
  const walls = tools.filter(({ tool, failure }) => tool.kind === kind && failure === null).map(({ wallMs }) => wallMs);
  return walls.length > 0 ? Math.min(...walls) : null;
}

function oursOf({ tools }: RowFigures): ToolFigures {
  return tools.find(({ tool }) => tool.kind === 'ours')!;
}
