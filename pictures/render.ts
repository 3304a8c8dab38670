import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { findProgram, runWell } from '../conformance/run-program.ts';

export const THEMES = ['light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

const WIDTH = 900;
/** Sharp on screens of high resolution, without files of several megabytes. */
const SCALE = 1.5;
const TOO_HIGH = 20_000;
const converter = path.join(import.meta.dirname, 'renderer/to-page.js');

/** @throws Error where there is none */
export function findChromium(): string {
  const found = findProgram('chromium') ?? findProgram('google-chrome');
  if (!found)
    throw new Error('Chromium is not installed: on Debian, `apt-get install chromium fonts-noto-color-emoji`');
  return found;
}

/** A PNG of the Markdown as GitHub shows it. `directory`: for files in between. @throws Error also where a diagram can't be drawn */
export async function render(
  markdown: string,
  { theme, to, chromium, directory }: { theme: Theme; to: string; chromium: string; directory: string },
): Promise<void> {
  const page = path.join(directory, 'page.html');
  await writeFile(page, await toPage(markdown, theme));
  const url = pathToFileURL(page).href;
  const common = [
    ...['--headless=new', '--no-sandbox', '--disable-gpu', '--hide-scrollbars', '--virtual-time-budget=10000'],
    ...[`--user-data-dir=${path.join(directory, 'profile')}`, `--force-device-scale-factor=${SCALE}`],
  ];
  const dom = await runWell(chromium, [...common, `--window-size=${WIDTH},1000`, '--dump-dom', url]);
  const problem = /data-problem="([^"]*)"/.exec(dom)?.[1];
  if (problem) throw new Error(`the diagram could not be drawn: ${problem}`);
  const height = Number(/data-height="(\d+)"/.exec(dom)?.[1]);
  if (!(height > 0 && height < TOO_HIGH)) throw new Error(`the page has no height: ${height}`);
  await runWell(chromium, [...common, `--window-size=${WIDTH},${height}`, `--screenshot=${to}`, url]);
}

async function toPage(markdown: string, theme: Theme): Promise<string> {
  const child = spawn(process.execPath, [converter, theme], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(markdown);
  const page = await text(child.stdout);
  if (page === '') throw new Error('the Markdown could not be converted');
  return page;
}
