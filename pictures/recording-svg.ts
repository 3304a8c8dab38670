/** What a program wrote to a terminal, and when; milliseconds since its start. */
export interface Written {
  readonly at: number;
  readonly text: string;
}

/** A row as it was for a while. `until` null: to the end. */
interface Version {
  readonly row: number;
  readonly text: string;
  readonly from: number;
  readonly until: number | null;
}

export interface RecordingOptions {
  readonly columns: number;
  /** What was typed to start the program. */
  readonly command: string;
  /** Seconds that the recording takes. */
  readonly seconds: number;
  /** For those who can't see it. */
  readonly title: string;
}

const CELL = 7.8;
const LINE = 19;
const MARGIN = 16;
const SHORTEST_MS = 60;
const PAUSE_MS = 800;
const ESC = '\u001b';
/** What the demo writes before a line is written again. */
const REWRITE = `\r${ESC}[2K`;
const NEXT_LINE = new RegExp(`(\n|\r${ESC}\\[2K)`);
const CODE = new RegExp(`(${ESC}\\[[\\d;]*m)`);
const COLOURS: Readonly<Record<string, string>> = { '1': 'b', '2': 'd', '31': 'r', '32': 'g', '33': 'y' };

/**
 * A terminal session as an animated SVG, by CSS alone, so that it moves in an `<img>` on GitHub. It has a background of its
 * own, so it is readable on light and dark pages. Where nothing moves (reduced motion, other viewers), its end is shown.
 */
export function recordingSvg(written: readonly Written[], options: RecordingOptions): string {
  const { columns, command, title } = options;
  const versions = readVersions(written, command, options.seconds);
  const rows = Math.max(...versions.map(({ row }) => row)) + 1;
  const [width, height] = [Math.ceil(columns * CELL + 2 * MARGIN), rows * LINE + 2 * MARGIN];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escapeXml(title)}</title>`,
    `<style>${STYLE}</style>`,
    `<rect width="100%" height="100%" rx="8" fill="#0d1117" stroke="#30363d"/>`,
    ...versions.map(drawVersion),
    '</svg>\n',
  ].join('\n');
}

// `h` hides what comes later until it comes, `s` shows what is replaced while it is there.
const STYLE = [
  'g{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;white-space:pre;fill:#e6edf3;animation:var(--a)}',
  '.b{font-weight:700}.d{fill:#8b949e}.r{fill:#ff7b72}.g{fill:#3fb950}.y{fill:#d29922}rect.d{fill:#30363d}',
  '.p{visibility:hidden}@keyframes h{from,to{visibility:hidden}}@keyframes s{from,to{visibility:visible}}',
  '@media (prefers-reduced-motion:reduce){g{animation:none}}',
].join('');

/** Lines as they were written over. Times are stretched or compressed to the length of the recording. */
function readVersions(written: readonly Written[], command: string, seconds: number): readonly Version[] {
  const last = written.at(-1)?.at ?? 0;
  const first = written[0]?.at ?? 0;
  const scaled = (at: number): number =>
    PAUSE_MS + ((at - first) / Math.max(1, last - first)) * (seconds * 1_000 - PAUSE_MS);
  const states: Version[] = [{ row: 0, text: `$ ${command}`, from: 0, until: null }];
  let row = 1;
  let line = '';
  for (const { at, text } of written) {
    for (const part of text.split(NEXT_LINE).filter((one) => one !== '')) {
      if (part === '\n') row += 1;
      if (part === '\n' || part === REWRITE) line = '';
      else line += part;
      if (part !== '\n' && line !== '') states.push({ row, text: line, from: scaled(at), until: null });
    }
  }
  return [...Map.groupBy(states, (state) => state.row).values()].flatMap(versionsOfRow);
}

/** Without what did not change, or was there for less than anyone sees. */
function versionsOfRow(states: readonly Version[]): readonly Version[] {
  const changes = states.filter(({ text }, index) => text !== states[index - 1]?.text);
  const isSeen = ({ from }: Version, index: number): boolean =>
    (changes[index + 1]?.from ?? Number.POSITIVE_INFINITY) - from >= SHORTEST_MS;
  const seen = changes.filter(isSeen);
  return seen.map((state, index) => ({ ...state, until: seen[index + 1]?.from ?? null }));
}

function drawVersion({ row, text, from, until }: Version): string {
  const y = MARGIN + row * LINE;
  const start = (from / 1_000).toFixed(2);
  const animation = until === null ? `h ${start}s` : `s ${((until - from) / 1_000).toFixed(2)}s ${start}s`;
  const attributes = `${until === null ? '' : ' class="p"'}${from === 0 ? '' : ` style="--a:${animation}"`}`;
  let column = 0;
  const parts = segmentsOf(text).map(({ shown, style }) => {
    const at = column;
    column += [...shown].length;
    return drawSegment(shown, style, MARGIN + at * CELL, y);
  });
  return `<g${attributes}>${parts.join('')}</g>`;
}

/** Bars are drawn: fonts disagree on how wide their characters are. */
function drawSegment(text: string, style: string, x: number, y: number): string {
  const width = ([...text].length * CELL).toFixed(1);
  if (/^[█░·]+$/u.test(text)) {
    const thick = /[·]/u.test(text) ? 2 : 10;
    return `<rect class="${style}" x="${x.toFixed(1)}" y="${y + (LINE - thick) / 2}" width="${width}" height="${thick}"/>`;
  }
  if (text.trim() === '') return '';
  const start = text.length - text.trimStart().length;
  const shown = text.trim();
  const length = ([...shown].length * CELL).toFixed(1);
  const place = `x="${(x + start * CELL).toFixed(1)}" y="${y + 14}" textLength="${length}"`;
  return `<text ${place}${style ? ` class="${style}"` : ''}>${escapeXml(shown)}</text>`;
}

/** Parts with one style each; a style is a letter for each code that is on. */
function segmentsOf(text: string): readonly { readonly shown: string; readonly style: string }[] {
  let codes: readonly string[] = [];
  const segments: { shown: string; style: string }[] = [];
  for (const part of text.split(CODE)) {
    const [, code] = part.startsWith(ESC) ? [part, part.slice(2, -1)] : [];
    if (code !== undefined) codes = code === '0' || code === '' ? [] : [...codes, ...code.split(';')];
    else if (part !== '') segments.push({ shown: part, style: codes.flatMap((one) => COLOURS[one] ?? []).join(' ') });
  }
  return segments;
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
