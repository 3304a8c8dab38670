// Gives the cases of https://github.com/sigstore/sigstore-conformance to what verifies signatures here. By hand, as they
// come from a checkout: `node conformance/sigstore-cases.ts ../sigstore-conformance`.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import seeds from '@sigstore/tuf/seeds.json' with { type: 'json' };
import { isJsonObject, type JsonObject, tryParseJson } from '../src/model/json.ts';
import { checkBundle } from '../src/verification/check-bundle.ts';
import { openTrust } from '../src/verification/trust.ts';
import { openTally } from './tally.ts';

const assets = path.join(process.argv[2] ?? '../sigstore-conformance', 'test/assets');
const cases = path.join(assets, 'bundle-verify');
const shipped = Buffer.from(seeds['https://tuf-repo-cdn.sigstore.dev'].targets['trusted_root.json'], 'base64');
// A signed file is none of an image: that it is refused for this only shows that all else was verified.
const VERIFIED = ['signs a text that is not of cosign'];

const tally = openTally();
for (const name of readdirSync(cases).filter((entry) => existsSync(path.join(cases, entry, 'bundle.sigstore.json')))) {
  await tally.check(name, async () => {
    const problem = problemOf(name);
    const isAccepted = problem === null || VERIFIED.includes(problem);
    if (isAccepted === name.endsWith('_fail')) throw new Error(problem ?? 'it is accepted');
    return problem ?? undefined;
  });
}
process.exitCode = tally.close() ? 0 : 1;

/** null: it is accepted. */
function problemOf(name: string): string | null {
  const read = (file: string): Buffer | null => {
    const at = path.join(cases, name, file);
    return existsSync(at) ? readFileSync(at) : null;
  };
  const bundle = tryParseJson(String(read('bundle.sigstore.json')));
  const root = tryParseJson(String(read('trusted_root.json') ?? shipped));
  const artifact = read('artifact') ?? readFileSync(path.join(assets, 'a.txt'));
  const key = read('key.pub');
  const isMessage = isJsonObject(bundle) && 'messageSignature' in bundle;
  try {
    const claims = checkBundle(
      { found: name, bundle, message: isMessage ? artifact : null },
      {
        digest: `sha256:${createHash('sha256').update(artifact).digest('hex')}`,
        trust: [openTrust(root as JsonObject)],
        key: key && { kind: 'key', label: name, images: null, bundle: null, key: key.toString(), needsLog: true },
      },
    );
    return typeof claims === 'string' ? claims : null;
  } catch (error) {
    return (error as Error).message;
  }
}
