import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { openFiles } from '../../../src/io/files.ts';

// Another process of the job changes what a name means while it is looked at and opened, as fast as it can.

const SECONDS = 3;

let folder = '';
let swapper: ChildProcess | null = null;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'swapped-'));
  mkdirSync(path.join(folder, 'repository/tests'), { recursive: true });
  mkdirSync(path.join(folder, 'outside'));
  writeFileSync(path.join(folder, 'outside/cat.jpg'), 'outside');
  writeFileSync(path.join(folder, 'repository/tests/cat.jpg'), 'cat');
});
afterEach(async () => {
  const gone = new Promise((resolve) => swapper?.once('exit', resolve));
  swapper?.kill('SIGKILL');
  await gone;
  rmSync(folder, { recursive: true });
});

/** `name` is in turn what it was and a symlink to `target`. */
async function startSwapping(name: string, target: string): Promise<void> {
  const script = `
    import { renameSync, symlinkSync } from 'node:fs';
    const [name, target] = process.argv.slice(1);
    symlinkSync(target, name + '.link');
    console.log('swapping');
    // It ends by itself where the test that would end it is killed.
    const end = Date.now() + 30_000;
    while (Date.now() < end) {
      renameSync(name, name + '.kept');
      renameSync(name + '.link', name);
      renameSync(name, name + '.link');
      renameSync(name + '.kept', name);
    }`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, name, target], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  swapper = child;
  await new Promise((resolve) => child.stdout.once('data', resolve));
}

test.each([
  ['the file itself', 'tests/cat.jpg', 'outside/cat.jpg'],
  ['a folder above it', 'tests', 'outside'],
])('a file is never read outside of the workspace while %s is swapped for a symlink', async (_, swapped, target) => {
  const workspace = path.join(folder, 'repository');
  await startSwapping(path.join(workspace, swapped), path.join(folder, target));
  const files = openFiles({ GITHUB_WORKSPACE: workspace });
  const counts = new Map<string, number>();
  const end = Date.now() + SECONDS * 1_000;
  while (Date.now() < end && !counts.has('outside')) {
    const result = attempt(() => files.readInput('tests/cat.jpg', 100).toString());
    counts.set(result, (counts.get(result) ?? 0) + 1);
  }
  expect(counts.has('outside')).toBe(false);
  // It was read, and it was refused: both were there to be met.
  expect(counts.get('cat')).toBeGreaterThan(10);
  expect(counts.get('refused')).toBeGreaterThan(10);
});

function attempt(read: () => string): string {
  try {
    return read();
  } catch (error) {
    return (error as { code?: string }).code === 'INPUT_INVALID' ? 'refused' : 'not there';
  }
}
