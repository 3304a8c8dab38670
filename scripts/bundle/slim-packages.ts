import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** What the bundler reads of a package.json. https://nodejs.org/api/packages.html */
interface Description {
  readonly main?: string;
  /** The entry in ES modules; a convention of bundlers. */
  readonly module?: string;
  readonly exports?: Exports;
  /** false: importing it does nothing, so that what isn't used of it can be left out. */
  readonly sideEffects?: boolean | readonly string[];
}

/** Of conditions the first that fits counts. */
type Exports = string | { readonly [subpathOrCondition: string]: Exports };

const installed = path.resolve(import.meta.dirname, '../../node_modules');

/**
 * Copies packages whose description keeps the bundler from leaving out what is not used, and describes the copies better:
 * what is parsed and run before the first call is most of what a start takes (docs/performance.md).
 * @param folder A node_modules folder nearer to the entry than the repository's.
 */
export async function slimPackages(folder: string): Promise<void> {
  // It brings a whole HTTP client for its OIDC token, which is never requested here.
  await copyPackage('@actions/core', folder, (description) => ({ ...description, sideEffects: false }));
  // Of these the bundler takes the build for Node, which is CommonJS and comes whole; of ES modules it takes what is used.
  for (const scope of ['@aws-sdk', '@smithy']) {
    for (const name of await readdir(path.join(installed, scope))) {
      await copyPackage(`${scope}/${name}`, folder, asEsModules);
    }
  }
  // Faster code for `ws`, compiled for each machine. It does without; left alone, dist/ would look for them on the runner.
  await copyPackage('ws', folder, (description) => description);
  for (const name of ['bufferutil', 'utf-8-validate']) await leaveOut(name, folder);
}

/** Whoever requires it gets an error, as where an optional package is not installed. */
async function leaveOut(name: string, folder: string): Promise<void> {
  await mkdir(path.join(folder, name), { recursive: true });
  await writeFile(path.join(folder, name, 'index.js'), `throw new Error('${name} is not bundled');\n`);
}

type Edit = (description: Description) => Description;

async function copyPackage(name: string, folder: string, edit: Edit): Promise<void> {
  const copy = path.join(folder, name);
  await cp(path.join(installed, name), copy, { recursive: true });
  const file = path.join(copy, 'package.json');
  await writeFile(file, JSON.stringify(edit(JSON.parse(await readFile(file, 'utf8')))));
}

function asEsModules({ main, module, exports, ...rest }: Description): Description {
  const entry = module ?? main;
  return { ...rest, ...(entry && { main: entry }), ...(exports && { exports: withoutCommonJs(exports) }) };
}

function withoutCommonJs(exports: Exports): Exports {
  if (typeof exports === 'string') return exports;
  const kept = Object.entries(exports).filter(([condition]) => condition !== 'node' && condition !== 'require');
  return Object.fromEntries(kept.map(([condition, value]) => [condition, withoutCommonJs(value)]));
}
