import { afterEach, describe, expect, test } from '@jest/globals';
import { buildIndexOf, buildReferrer, type OciImage } from '../../../simulators/images.ts';
import { createSigstore } from '../../../simulators/sigstore/instance.ts';
import { DeployError } from '../../../src/model/errors.ts';
import { openRegistry } from '../registry/copy-world.ts';
import { closeServers } from '../registry/world.ts';
import { BUNDLE, holding, image, refer, refuse, sigstore, tagOf, verify } from './signed-world.ts';

afterEach(closeServers);

const OURS = '- attestation: { repository: acme/agent }';
const child = image.manifests[0]!.digest;

describe('what refers to an image', () => {
  test('is read up to 50, and what is left out is said', async () => {
    const opened = await holding();
    for (let index = 0; index < 53; index += 1) refer(opened, Buffer.from(`{"index":${index}}`));
    const said = await refuse(opened, OURS);
    expect(said).toContain('3 more referrers were not read: at most 50 are');
    expect(opened.served.count('registry:GET blob')).toBe(50);
  });

  test('is not read where it is longer than 4 MiB', async () => {
    const opened = await holding();
    refer(opened, Buffer.alloc(4 * 1024 * 1024 + 1, ' '));
    expect(await refuse(opened, OURS)).toContain('is longer than 4 MiB');
    expect(opened.served.count('registry:GET blob')).toBe(0);
  });

  test.each([
    ['another type in the list', 'application/spdx+json'],
    ['a type that only begins alike', 'application/vnd.dev.sigstore.bundles+json'],
  ])('is not read with %s', async (_, type) => {
    const opened = await holding();
    refer(opened, Buffer.from(JSON.stringify(await sigstore.attest(image.digest))), type);
    expect(await refuse(opened, OURS)).toContain('and it has none');
    expect(opened.served.count('registry:GET blob')).toBe(0);
  });

  test('is refused where it is not JSON', async () => {
    const opened = await holding();
    refer(opened, Buffer.from('<html>'));
    expect(await refuse(opened, OURS)).toContain('is not JSON');
  });

  test('counts only where it refers to this image', async () => {
    const opened = await holding();
    const bundle = Buffer.from(JSON.stringify(await sigstore.attest(image.digest)));
    const referrer = buildReferrer(image, child, 'application/vnd.dev.sigstore.bundle.v0.3+json', bundle);
    opened.registry.seed('acme/agent', null, referrer);
    expect(await refuse(opened, OURS)).toContain('and it has none');
  });
});

describe('a referrer whose blob', () => {
  test.each([
    ['is gone', () => []],
    [
      'was altered',
      (blobs: OciImage['blobs']) => blobs.map(({ digest }) => ({ digest, bytes: Buffer.from('{"a":1}') })),
    ],
  ])('%s is named, and another one counts all the same', async (_, change) => {
    const bundle = Buffer.from(JSON.stringify(await sigstore.attest(image.digest)));
    const damaged = buildReferrer(image, image.digest, BUNDLE, bundle);
    const opened = await holding();
    opened.registry.seed('acme/agent', null, { ...damaged, blobs: change(damaged.blobs) });
    expect(await refuse(opened, OURS)).toContain(
      `referrer ${damaged.digest} can't be read: could not read the referrer`,
    );
    refer(opened, Buffer.from(JSON.stringify(await sigstore.attest(image.digest))));
    expect(await verify(opened, OURS)).toHaveLength(1);
  });
});

describe('a file with bundles', () => {
  const yaml = '- attestation: { repository: acme/agent, bundle: image.jsonl }';
  test.each([
    ['that is not JSON', '{}\n<html>', 'it is not JSON'],
    ['that is empty', '\n', 'it is not JSON'],
    ['that is longer than 16 MB', ' '.repeat(16_000_001), 'it is longer than 16 MB'],
  ])('%s is refused', async (_, text, says) => {
    const error = await verify(await holding(), { yaml, files: { 'image.jsonl': text } }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ code: 'INPUT_INVALID', message: expect.stringContaining(says) });
  });
});

test('a referrer that is listed for another image is not taken', async () => {
  const bundle = Buffer.from(JSON.stringify(await sigstore.attest(image.digest)));
  const referrer = buildReferrer(image, child, 'application/vnd.dev.sigstore.bundle.v0.3+json', bundle);
  const opened = await openRegistry({ referrers: 'fallback' });
  opened.registry.seed('acme/agent', 'v1', image);
  opened.registry.seed('acme/agent', null, referrer);
  opened.registry.seed('acme/agent', tagOf(''), buildIndexOf([referrer]));
  expect(await refuse(opened, OURS)).toContain(`referrer ${referrer.digest} refers to another image`);
});

describe('a trusted root', () => {
  const given = (root: object) => ({ yaml: OURS, roots: [root] });
  const { tlogs, ...rest } = sigstore.trustedRoot as {
    tlogs: { publicKey: object }[];
    certificateAuthorities: object[];
  };

  test.each([
    [
      'without a date of its log',
      { ...rest, tlogs: [{ ...tlogs[0], publicKey: { ...tlogs[0]!.publicKey, validFor: {} } }] },
      'since when',
    ],
    ['without anybody to believe', { mediaType: 'x' }, 'no certificate authority and no transparency log'],
    [
      'with a malformed certificate',
      { ...rest, tlogs, certificateAuthorities: [{ certChain: { certificates: [{ rawBytes: 'AAAA' }] } }] },
      'could not read the trusted root',
    ],
  ])('%s is refused', async (_, root, says) => {
    const error = await verify(await holding(), given(root)).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'INPUT_INVALID', message: expect.stringContaining(says) });
  });

  test('beside others is enough', async () => {
    const others = { yaml: OURS, roots: [(await createSigstore()).trustedRoot, sigstore.trustedRoot] };
    expect(await verify(await holding(await sigstore.attest(image.digest)), others)).toHaveLength(1);
  });
});

describe('two requirements', () => {
  const two = `${OURS}\n- signature: { identity: ann@acme.example, issuer: https://accounts.example }`;

  test('are refused where one is not fulfilled', async () => {
    const said = await refuse(await holding(await sigstore.attest(image.digest)), two);
    expect(said).toContain('verify[1] requires a signature by ann@acme.example');
    expect(said).not.toContain('verify[0] requires');
  });

  test('are both told where none is fulfilled', async () => {
    const said = await refuse(await holding(), two);
    expect(said).toMatch(/verify\[0] requires[\s\S]*verify\[1] requires/);
  });
});

/** Answers this path with a page instead. */
async function withPage(part: string, type: string) {
  const opened = await holding(await sigstore.attest(image.digest));
  opened.served.intercept = (request, response) => {
    if (!request.url?.includes(part)) return false;
    response.writeHead(200, { 'content-type': type }).end('<html>Sign in</html>');
    return true;
  };
  return opened;
}

describe('a proxy that answers with a page', () => {
  test('instead of the list of referrers: nothing is found', async () => {
    expect(await refuse(await withPage('/referrers/', 'text/html'), OURS)).toContain('and it has none');
  });

  test.each(['/blobs/', '/manifests/sha256:'])('instead of %s: the run ends, and says so', async (part) => {
    const opened = await withPage(part, 'text/html');
    const error = await verify(opened, OURS).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(DeployError);
    expect(error).toMatchObject({ code: 'NETWORK', message: expect.stringContaining('web page instead of JSON') });
  });
});
