import { parseArgs } from 'node:util';
import { openBriefView } from './brief-view.ts';
import { clouds, entries } from './clouds.ts';
import { runStories } from './run-stories.ts';
import { openVerboseView } from './verbose-view.ts';
import type { Terminal } from './view.ts';

const { values } = parseArgs({ options: { verbose: { type: 'boolean', default: false } } });
const isTerminal = process.stdout.isTTY === true;
const terminal: Terminal = {
  write: (text) => void process.stdout.write(text),
  isTerminal,
  hasColours: isTerminal && !process.env['NO_COLOR'],
  columns: isTerminal ? process.stdout.columns : 160,
};
const view = values.verbose ? openVerboseView(terminal) : openBriefView(terminal);
process.exitCode = (await runStories(clouds, entries, view)) ? 0 : 1;
