import { execFileSync } from 'node:child_process';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { minifyChunk } from './minify-chunk.ts';
import { slimPackages } from './slim-packages.ts';

const root = path.resolve(import.meta.dirname, '../..');

/** Paths are relative to the repository. */
export interface BundleOptions {
  /** A tsconfig that emits into `build`. */
  readonly project: string;
  /** Emptied first. Copies of packages come here too. */
  readonly build: string;
  /** In `build`. */
  readonly entry: string;
  /** Emptied first. Gets index.js, and a chunk for each dynamic import. */
  readonly out: string;
  /** A file in `out` for the licenses of all that is bundled. */
  readonly licenses?: string;
}

/**
 * tsc erases the types, ncc bundles, swc minifies every file. ncc can't read TypeScript 7 itself, and its --minify leaves the
 * chunks as they are.
 */
export async function bundle({ project, build, entry, out, licenses }: BundleOptions): Promise<void> {
  for (const folder of [build, out]) await rm(path.join(root, folder), { recursive: true, force: true });
  run('tsc', ['-p', project]);
  await slimPackages(path.join(root, build, 'node_modules'));
  const flags = ['--no-cache', '--quiet', ...(licenses === undefined ? [] : ['--license', licenses])];
  run('ncc', ['build', path.join(build, entry), '--out', out, ...flags]);
  const files = (await readdir(path.join(root, out))).filter((name) => name.endsWith('.js'));
  for (const name of files.sort()) {
    const file = path.join(root, out, name);
    await writeFile(file, await minifyChunk(await readFile(file, 'utf8')));
  }
}

function run(command: string, args: readonly string[]): void {
  const shell = process.platform === 'win32';
  execFileSync(path.join(root, 'node_modules/.bin', command), args, { cwd: root, stdio: 'inherit', shell });
}
