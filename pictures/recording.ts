import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { openBriefView } from '../demo/brief-view.ts';
import { clouds, entries } from '../demo/clouds.ts';
import { runStories } from '../demo/run-stories.ts';
import { recordingSvg, type Written } from './recording-svg.ts';

/** `npm run recording`: docs/images/demo.svg, a run of the demo as a terminal showed it. Its pace is that of the run. */
const COLUMNS = 126;
const SECONDS = 24;

const written: Written[] = [];
const startedAt = performance.now();
const view = openBriefView({
  write: (text) => void written.push({ at: performance.now() - startedAt, text }),
  isTerminal: true,
  hasColours: true,
  columns: COLUMNS,
});
if (!(await runStories(clouds, entries, view))) throw new Error('a story ended in another way than it is told');
const file = path.resolve(import.meta.dirname, '../docs/images/demo.svg');
const title = 'npm run demo: a line for each story, with the share of the traffic that the new revision has';
await writeFile(file, recordingSvg(written, { columns: COLUMNS, command: 'npm run demo', seconds: SECONDS, title }));
process.stdout.write(`${path.relative(process.cwd(), file)}\n`);
