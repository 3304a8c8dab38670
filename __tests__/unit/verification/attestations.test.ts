import { generateKeyPairSync } from 'node:crypto';
import { afterEach, describe, expect, test } from '@jest/globals';
import { COMMIT, ISSUER, WORKFLOW } from '../../../simulators/sigstore/fulcio.ts';
import { type AttestOptions, createSigstore } from '../../../simulators/sigstore/instance.ts';
import { createLog } from '../../../simulators/sigstore/log.ts';
import { closeServers } from '../registry/world.ts';
import { holding, holdingInTag, image, refuse, sigstore, verify } from './signed-world.ts';

afterEach(closeServers);

const OURS = '- attestation: { repository: acme/agent }';
const other = await createSigstore();
const attested = (options: AttestOptions = {}) => sigstore.attest(image.digest, options);

describe('an attestation of GitHub Actions', () => {
  test('is accepted, and what it says is reported', async () => {
    const opened = await holding(await attested());
    expect(await verify(opened, OURS)).toEqual([
      {
        image: `${opened.served.registry}/acme/agent@${image.digest}`,
        requirement: 'verify[0]',
        kind: 'attestation',
        signer: `${WORKFLOW}@refs/heads/main`,
        issuer: ISSUER,
        predicateType: 'https://slsa.dev/provenance/v1',
        repository: 'https://github.com/acme/agent',
        ref: 'refs/heads/main',
        commit: COMMIT,
        found: expect.stringMatching(/^referrer sha256:/),
      },
    ]);
  });

  test('is found where the registry lists no referrers', async () => {
    expect(await verify(await holdingInTag(await attested()), OURS)).toHaveLength(1);
  });

  test('is found there too where an old client wrote no types', async () => {
    expect(await verify(await holdingInTag(await attested(), { hasTypes: false }), OURS)).toHaveLength(1);
  });

  test('is found in a file of the workspace, among others', async () => {
    const lines = [await other.attest(image.digest), await attested()].map((bundle) => JSON.stringify(bundle));
    const yaml = '- attestation: { repository: acme/agent, bundle: image.jsonl }';
    const [verified] = await verify(await holding(), { yaml, files: { 'image.jsonl': lines.join('\n') } });
    expect(verified).toMatchObject({ found: 'file image.jsonl' });
  });

  test.each([
    ['the repository in another case', OURS.replace('acme', 'Acme'), {}],
    ['its ref', `${OURS.slice(0, -2)}, ref: refs/heads/main }`, {}],
    ['a pattern of its ref', `${OURS.slice(0, -2)}, ref: refs/tags/v* }`, { ref: 'refs/tags/v1.2.3' }],
    [
      'a ref that takes 300 characters',
      `${OURS.slice(0, -2)}, ref: refs/heads/** }`,
      { ref: `refs/heads/${'a'.repeat(289)}` },
    ],
    [
      'a ref that takes 150 characters',
      `${OURS.slice(0, -2)}, ref: refs/heads/** }`,
      { ref: `refs/heads/${'a'.repeat(139)}` },
    ],
    ['its commit', `${OURS.slice(0, -2)}, commit: ${COMMIT} }`, {}],
    [
      'its workflow, with the repository in another case',
      `${OURS.slice(0, -2)}, signer-workflow: ACME/Agent/.github/workflows/build.yml@refs/heads/* }`,
      {},
    ],
    ['its workflow', `${OURS.slice(0, -2)}, signer-workflow: acme/agent/.github/workflows/build.yml }`, {}],
    [
      'a reusable workflow of another repository',
      `${OURS.slice(0, -2)}, signer-workflow: acme/workflows/.github/workflows/image.yml@refs/tags/v* }`,
      { identity: 'https://github.com/acme/workflows/.github/workflows/image.yml@refs/tags/v3' },
    ],
    [
      'another kind',
      `${OURS.slice(0, -2)}, predicate-type: https://spdx.dev/Document }`,
      { predicateType: 'https://spdx.dev/Document' },
    ],
    ['a runner of our own, allowed', `${OURS.slice(0, -2)}, self-hosted-runners: true }`, { runner: 'self-hosted' }],
    [
      'another server of GitHub',
      '- attestation: { repository: https://acme.ghe.com/acme/agent, issuer: https://token.actions.acme.ghe.com }',
      {
        repository: 'https://acme.ghe.com/acme/agent',
        identity: 'https://acme.ghe.com/acme/agent/.github/workflows/build.yml@refs/heads/main',
        issuer: 'https://token.actions.acme.ghe.com',
      },
    ],
  ])('is accepted by %s', async (_, yaml, options) => {
    expect(await verify(await holding(await attested(options)), yaml)).toHaveLength(1);
  });

  test.each<[string, string, AttestOptions, string]>([
    [
      'another repository',
      OURS,
      { repository: 'https://github.com/evil/agent' },
      '`repository: https://github.com/evil/agent`',
    ],
    [
      'a repository whose name begins alike',
      OURS,
      { repository: 'https://github.com/acme/agent-two' },
      'has the repository https://github.com/acme/agent-two',
    ],
    [
      'a workflow of another repository',
      OURS,
      { identity: 'https://github.com/acme/agent2/.github/workflows/build.yml@refs/heads/main' },
      '`signer-workflow: https://github.com/acme/agent2/.github/workflows/build.yml@refs/heads/main`',
    ],
    [
      'another ref',
      `${OURS.slice(0, -2)}, ref: refs/heads/main }`,
      { ref: 'refs/heads/feature' },
      '`ref: refs/heads/feature`',
    ],
    ['another commit', `${OURS.slice(0, -2)}, commit: ${'b'.repeat(40)} }`, {}, `has the commit ${COMMIT}`],
    [
      'another workflow of the repository',
      `${OURS.slice(0, -2)}, signer-workflow: acme/agent/.github/workflows/release.yml }`,
      {},
      `has the signer-workflow ${WORKFLOW}@refs/heads/main`,
    ],
    [
      'a workflow whose file differs in case only',
      `${OURS.slice(0, -2)}, signer-workflow: acme/agent/.github/workflows/Build.yml }`,
      {},
      `has the signer-workflow ${WORKFLOW}@refs/heads/main`,
    ],
    ['another issuer', OURS, { issuer: 'https://issuer.evil.example' }, 'has the issuer https://issuer.evil.example'],
    ['a runner of its own', OURS, { runner: 'self-hosted' }, '`self-hosted-runners: true`'],
    ['a runner that it does not name', OURS, { runner: null }, 'does not say what kind of runner built it'],
    ['a repository that it does not name', OURS, { repository: null }, 'does not say its repository'],
    [
      'another kind',
      OURS,
      { predicateType: 'https://spdx.dev/Document' },
      'has the predicate-type https://spdx.dev/Document',
    ],
  ])('of %s is refused, with the line that would accept it', async (_, yaml, options, says) => {
    expect(await refuse(await holding(await attested(options)), yaml)).toContain(says);
  });

  test('of another digest is refused, whatever refers to this one', async () => {
    const bundle = await sigstore.attest(`sha256:${'0'.repeat(64)}`);
    expect(await refuse(await holding(bundle), OURS)).toContain(`signs another image: ${'0'.repeat(64)}`);
  });

  test('that is missing is refused with how to make one', async () => {
    const said = await refuse(await holding(), OURS);
    expect(said).toContain('and it has none');
    expect(said).toContain('actions/attest with push-to-registry: true');
  });

  test('of the index is not that of a platform, and the other way round', async () => {
    const child = image.manifests[0]!.digest;
    const opened = await holding(await sigstore.attest(child));
    expect(await refuse(opened, OURS)).toContain('signs another image');
  });
});

describe('an attestation that cannot be verified', () => {
  const TEN_MINUTES = 600_000;
  const start = Date.UTC(2026, 0, 1);
  test.each<[string, () => Promise<object>, string]>([
    ['by another authority', () => other.attest(image.digest), "can't be verified"],
    [
      'with a changed payload',
      () => attested({ tamper: (payload) => Buffer.from(payload.toString().replace('image', 'imagE')) }),
      "can't be verified",
    ],
    [
      'logged after its certificate expired',
      () => attested({ loggedAt: start + TEN_MINUTES + 1_000 }),
      'Failed to verify certificate chain',
    ],
    [
      'logged before its certificate began',
      () => attested({ loggedAt: start - 1_000 }),
      'Failed to verify certificate chain',
    ],
    [
      'entered into another log',
      () => attested({ log: createLog('https://rekor.test.example') }),
      "can't be verified: inclusion promise",
    ],
    ['entered into no log', () => attested({ log: null }), "can't be verified: expected 1 timestamps, got 0"],
    [
      'whose certificate no log has seen',
      () => attested({ isLogged: false }),
      "can't be verified: expected 1 SCTs, got 0",
    ],
    [
      'of something that is no statement',
      () => attested({ payloadType: 'text/plain' }),
      'signs something that is not an in-toto statement',
    ],
    [
      'by a key',
      () => attested({ key: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey }),
      'is signed by a key, without a certificate',
    ],
    ['that is no bundle', async () => ({ hello: 'world' }), 'is not a Sigstore bundle'],
    ['that is a list', async () => [], 'is not a Sigstore bundle'],
    ['that is null', async () => null as unknown as object, 'is not a Sigstore bundle'],
  ])('%s is refused', async (_, make, says) => {
    const said = await refuse(await holding(await make()), OURS);
    expect(said).toContain(says);
    expect(said).not.toMatch(/undefined|\[object/);
  });

  test.each(['signature', 'certificate', 'log entry'])(
    'is refused whichever byte of the %s is another',
    async (part) => {
      const bundle = (await attested()) as {
        dsseEnvelope: { signatures: { sig: string }[] };
        verificationMaterial: { certificate: { rawBytes: string }; tlogEntries: { canonicalizedBody: string }[] };
      };
      const at = {
        signature: [bundle.dsseEnvelope.signatures[0]!, 'sig'],
        certificate: [bundle.verificationMaterial.certificate, 'rawBytes'],
        'log entry': [bundle.verificationMaterial.tlogEntries[0]!, 'canonicalizedBody'],
      }[part] as unknown as [Record<string, string>, string];
      const [holder, name] = at;
      const bytes = Buffer.from(holder[name]!, 'base64');
      // The first bytes are a certificate's frame, which nobody signs.
      for (let index = 4; index < bytes.length; index += 131) {
        const changed = Buffer.from(bytes);
        changed[index]! ^= 1;
        holder[name] = changed.toString('base64');
        expect(await refuse(await holding(structuredClone(bundle)), OURS)).toMatch(
          /can't be verified|not a Sigstore bundle/,
        );
      }
    },
  );

  test('beside one that can be does not matter', async () => {
    expect(await verify(await holding(await other.attest(image.digest), [], await attested()), OURS)).toHaveLength(1);
  });
});
