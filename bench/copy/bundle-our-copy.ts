import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';

const root = path.resolve(import.meta.dirname, '../..');
const folder = '.referees/our-copy';

/** Bundles our-copy.ts as the action is bundled, so that its start is not the loading of a hundred files. Its path. */
export async function bundleOurCopy(): Promise<string> {
  await run('tsc', ['-p', 'bench/copy/tsconfig.json']);
  const entry = `${folder}/build/bench/copy/our-copy.js`;
  await run('ncc', ['build', entry, '--out', `${folder}/bundle`, '--no-cache', '--quiet']);
  return path.join(root, folder, 'bundle/index.js');
}

async function run(command: string, args: readonly string[]): Promise<void> {
  // npm run puts node_modules/.bin on the PATH; a direct run does not.
  await promisify(execFile)(path.join(root, 'node_modules/.bin', command), args, { cwd: root });
}
