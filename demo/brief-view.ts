import { followLog, type Progress, started } from './follow-log.ts';
import { describeAll, formatTime, type StoryEnd, type Terminal, type View } from './view.ts';

const CODES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33 } as const;
const TITLE_COLUMNS = 46;
const BAR_CELLS = 10;
const WHOLE_LINE = '\r\u001b[2K';

/** One screen: a line for each story. On a terminal the line of the story that runs is written again as it goes on. */
export function openBriefView(terminal: Terminal): View {
  const { write, isTerminal, hasColours, columns } = terminal;
  const paint = (text: string, code: keyof typeof CODES): string =>
    hasColours ? `\u001b[${CODES[code]}m${text}\u001b[0m` : text;
  let cloud = '';
  let title = '';
  let follow = followLog();
  let progress = started;
  let isCancelled = false;
  const showRunning = (): void => {
    if (!isTerminal) return;
    const detail = cut(isCancelled ? `${progress.phase} (the job is cancelled)` : progress.phase, room(columns));
    write(
      `${WHOLE_LINE}  ${paint('●', 'yellow')} ${title.padEnd(TITLE_COLUMNS)} ${bar(progress, paint)} ${paint(detail, 'dim')}`,
    );
  };
  return {
    wantsColours: false,
    begin(name, story) {
      if (name !== cloud) write(`${paint(name, 'bold')}\n`);
      cloud = name;
      title = story.title;
      follow = followLog();
      progress = started;
      isCancelled = false;
      showRunning();
    },
    output(text) {
      progress = follow(text);
      showRunning();
    },
    cancelled() {
      isCancelled = true;
      showRunning();
    },
    end(ended) {
      const isGood = ended.problems.length === 0;
      const mark = isGood ? paint('✓', 'green') : paint('✗', 'red');
      const detail = cut(describeEnd(progress, ended), room(columns));
      write(
        `${isTerminal ? WHOLE_LINE : ''}  ${mark} ${title.padEnd(TITLE_COLUMNS)} ${bar(progress, paint)} ${detail}\n`,
      );
      const cause = isCancelled ? 'the job was cancelled' : progress.cause;
      if (cause) write(`${paint(cut(`      ${cause}`, columns - 1), 'dim')}\n`);
      for (const problem of ended.problems) write(`${paint(`      UNEXPECTED: ${problem}`, 'red')}\n`);
    },
    close(ends, wallMs) {
      const isGood = ends.every(({ problems }) => problems.length === 0);
      write(`${paint(describeAll(ends, wallMs), isGood ? 'green' : 'red')}\n`);
      write(`${paint('The whole log of each: npm run demo -- --verbose', 'dim')}\n`);
    },
  };
}

/** `agent:1 -> agent:2 in 67s, 0 of 67 requests failed`. */
function describeEnd({ outcome, move }: Progress, { durationMs, visits }: StoryEnd): string {
  const what = outcome === 'deployed' && move ? move : (outcome ?? 'no outcome').replaceAll('-', ' ');
  return `${what} in ${formatTime(durationMs)}, ${visits.failed} of ${visits.asked} requests failed`;
}

function bar({ share }: Progress, paint: (text: string, code: keyof typeof CODES) => string): string {
  if (share === null) return paint('·'.repeat(BAR_CELLS), 'dim');
  const filled = share > 0 ? Math.min(BAR_CELLS, Math.max(1, Math.round((share / 100) * BAR_CELLS))) : 0;
  const cells = share < 100 ? Math.min(filled, BAR_CELLS - 1) : filled;
  return `${cells > 0 ? paint('█'.repeat(cells), 'green') : ''}${cells < BAR_CELLS ? paint('░'.repeat(BAR_CELLS - cells), 'dim') : ''}`;
}

/** What is left of a line beside mark, title and bar. */
function room(columns: number): number {
  return Math.max(10, columns - TITLE_COLUMNS - BAR_CELLS - 7);
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}
