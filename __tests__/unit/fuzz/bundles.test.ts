import { expect, test } from '@jest/globals';
import type { Arbitrary } from 'fast-check';
import { createSigstore } from '../../../simulators/sigstore/instance.ts';
import { parseRequirements } from '../../../src/inputs/verify.ts';
import { DeployError } from '../../../src/model/errors.ts';
import type { Digest } from '../../../src/model/image.ts';
import { isJsonObject, type JsonObject } from '../../../src/model/json.ts';
import { checkBundle } from '../../../src/verification/check-bundle.ts';
import { readCosignLayers } from '../../../src/verification/cosign-layers.ts';
import { openTrust } from '../../../src/verification/trust.ts';
import { memoryFiles } from '../../fixtures/fake-io.ts';
import { fc } from '../../fixtures/fast-check.ts';

const sigstore = await createSigstore();
const trust = [openTrust(sigstore.trustedRoot as JsonObject)];
const digest: Digest = `sha256:${'ab'.repeat(32)}`;
const bundle = (await sigstore.attest(digest)) as JsonObject;
const check = (given: unknown, message: Buffer | null = null) =>
  checkBundle({ found: 'test', bundle: given, message }, { digest, trust, key: null });

/** Paths to every member of the document. */
function pathsOf(document: unknown, path: readonly string[] = []): string[][] {
  const isList = Array.isArray(document);
  if (!isJsonObject(document) && !isList) return [[...path]];
  const below = Object.entries(document).flatMap(([name, member]) => pathsOf(member, [...path, name]));
  return path.length === 0 ? below : [[...path], ...below];
}

function withAt(document: unknown, path: readonly string[], value: unknown): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return value;
  const copy = structuredClone(document) as Record<string, unknown>;
  copy[name] = withAt(copy[name], rest, value);
  return copy;
}

test('the bundle that is disturbed below is accepted', () => {
  expect(check(bundle)).toMatchObject({ kind: 'attestation' });
});

test('whatever is a bundle in name, nothing is thrown and nothing is accepted', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(typeof check(value)).toBe('string');
      expect(typeof check(value, Buffer.from('message'))).toBe('string');
    }),
  );
});

/** Hints, what the verifier calculates itself, and members whose default is the value that they have. */
const UNSIGNED = /^mediaType$|timestampVerificationData|treeSize|rootHash|logIndex$|hashes$/;

test('whatever member of a good bundle is another value, nothing is thrown, and what is signed is refused', () => {
  const paths = pathsOf(bundle);
  const value = fc.oneof(fc.jsonValue(), fc.base64String(), fc.constant(undefined));
  fc.assert(
    fc.property(fc.constantFrom(...paths), value, (path, other) => {
      const result = check(withAt(bundle, path, other));
      if (typeof result !== 'string') expect(path.join()).toMatch(UNSIGNED);
    }),
    { numRuns: 100 },
  );
});

test('whatever is in the layers of a tag of cosign, nothing is thrown', () => {
  const blob = { mediaType: 'application/vnd.dev.cosign.simplesigning.v1+json', digest, size: 2 };
  fc.assert(
    fc.property(fc.jsonValue(), fc.string(), (annotations, signed) => {
      const bytes = Buffer.from(JSON.stringify({ layers: [{ annotations }] }));
      const manifest = { digest, mediaType: '', bytes, children: [], subject: null, blobs: [blob, blob] };
      for (const { toCandidate } of readCosignLayers(manifest, 'tag').layers) {
        const found = toCandidate(Buffer.from(signed));
        expect('problem' in found || typeof check(found.bundle, found.message) === 'string').toBe(true);
      }
    }),
  );
});

test('whatever the input verify is, it is read or refused with INPUT_INVALID', () => {
  const files = memoryFiles();
  const yaml = fc.oneof(
    fc.string(),
    fc.jsonValue().map((value) => JSON.stringify(value)),
    options(),
  );
  fc.assert(
    fc.property(yaml, (text: string) => {
      try {
        expect(parseRequirements(text, files).length).toBeGreaterThan(0);
      } catch (error) {
        if (!(error instanceof DeployError)) throw error;
        expect(error).toMatchObject({ code: 'INPUT_INVALID' });
      }
    }),
  );
});

/** Entries with the right names and any values. */
function options(): Arbitrary<string> {
  const names = [
    'repository',
    'ref',
    'commit',
    'identity',
    'issuer',
    'key',
    'bundle',
    'images',
    '__proto__',
    'self-hosted-runners',
  ];
  const entry = fc.dictionary(fc.constantFrom(...names), fc.oneof(fc.string(), fc.jsonValue()));
  const kind = fc.constantFrom('attestation', 'signature', 'unverified', 'constructor');
  return fc
    .array(fc.tuple(kind, entry), { maxLength: 4 })
    .map((list) => JSON.stringify(list.map(([name, of]) => ({ [name]: of }))));
}
