import { decode } from './follow-log.ts';
import { describeAll, formatTime, type StoryEnd, type Terminal, type View } from './view.ts';

const LINE = '='.repeat(100);

/** The whole log of each story as GitHub's page of the run shows it: groups as headings, annotations as text, masks hidden. */
export function openVerboseView({ write, hasColours }: Terminal): View {
  let count = 0;
  let rest = '';
  return {
    wantsColours: hasColours,
    begin(cloud, { title, description }) {
      count += 1;
      rest = '';
      write(`\n${LINE}\n${count}. ${cloud}: ${title}\n   ${description}\n\n`);
    },
    output(text) {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) write(showLine(line));
    },
    cancelled: () => write('\n   >> a user clicks "Cancel workflow" <<\n\n'),
    end({ problems, visits, now }) {
      write(`\n   during the deployment: ${visits.asked} requests sent, ${visits.failed} failed\n`);
      write(`   response of the live service: ${now.status} ${now.body}\n`);
      for (const problem of problems) write(`   UNEXPECTED: ${problem}\n`);
    },
    close(ends, wallMs) {
      write(`\n${LINE}\n${ends.map(endLine).join('')}${describeAll(ends, wallMs)}\n`);
    },
  };
}

function endLine({ title, problems, durationMs }: StoryEnd): string {
  const mark = problems.length === 0 ? 'as expected' : 'UNEXPECTED ';
  return `${mark} ${formatTime(durationMs).padStart(7)} of simulated time   ${title}\n`;
}

function showLine(line: string): string {
  const command = /^::([a-z-]+)(?: ([^:]*))?::(.*)$/.exec(line);
  if (!command) return `     ${line}\n`;
  const [, name, properties = '', message = ''] = command;
  if (name === 'group') return `   ▸ ${decode(message)}\n`;
  if (name === 'error' || name === 'warning') {
    const title = decode(/title=([^,]*)/.exec(properties)?.[1] ?? '');
    const body = decode(message).replaceAll('\n', '\n       ');
    return `   ✗ ${name}: ${title}\n       ${body}\n`;
  }
  return '';
}
