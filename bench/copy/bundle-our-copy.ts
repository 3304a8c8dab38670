import path from 'node:path';
import { bundle } from '../../scripts/bundle/bundle.ts';

const folder = '.referees/our-copy';

/** Bundles our-copy.ts as the action is, so that its start is not the loading of a hundred files. Returns the file. */
export async function bundleOurCopy(): Promise<string> {
  const out = `${folder}/bundle`;
  await bundle({
    project: 'bench/copy/tsconfig.json',
    build: `${folder}/build`,
    entry: 'bench/copy/our-copy.js',
    out,
  });
  return path.resolve(import.meta.dirname, '../..', out, 'index.js');
}
