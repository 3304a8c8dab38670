import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { minify } from '@swc/core';

const root = path.resolve(import.meta.dirname, '../..');
const folder = '.referees/our-copy';

/** Bundles our-copy.ts as scripts/build.js does the action, so that its start is not the loading of a hundred files. */
export async function bundleOurCopy(): Promise<string> {
  await run('tsc', ['-p', 'bench/copy/tsconfig.json']);
  const entry = `${folder}/build/bench/copy/our-copy.js`;
  await run('ncc', ['build', entry, '--out', `${folder}/bundle`, '--no-cache', '--quiet']);
  const bundle = path.join(root, folder, 'bundle/index.js');
  const { code } = await minify(await readFile(bundle, 'utf8'), {
    module: true,
    ecma: 2022,
    compress: true,
    mangle: { keepClassNames: true },
  });
  await writeFile(bundle, code);
  return bundle;
}

async function run(command: string, args: readonly string[]): Promise<void> {
  // npm run puts node_modules/.bin on the PATH; a direct run does not.
  await promisify(execFile)(path.join(root, 'node_modules/.bin', command), args, { cwd: root });
}
