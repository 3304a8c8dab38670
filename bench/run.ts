import { access } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

/** `npm run bench -- NAME [options]`: runs bench/NAME.ts, with the options as its arguments. */
const [name = ''] = process.argv.splice(2, 1);
const file = path.join(import.meta.dirname, `${path.basename(name)}.ts`);
const isKnown = /^[a-z-]+$/.test(name) && name !== 'run' && (await exists(file));
if (isKnown) await import(pathToFileURL(file).href);
else fail('could not find that bench: say npm run bench -- copy');

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}

function fail(message: string): void {
  process.stderr.write(`${message}\n`);
  process.exitCode = 2;
}
