import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { afterEach, describe, expect, test } from '@jest/globals';
import { buildArtifact } from '../../../simulators/images.ts';
import { ISSUER, WORKFLOW } from '../../../simulators/sigstore/fulcio.ts';
import {
  COSIGN_SIGNATURE,
  type CosignMessage,
  createSigstore,
  type SignOptions,
} from '../../../simulators/sigstore/instance.ts';
import { createLog } from '../../../simulators/sigstore/log.ts';
import { closeServers } from '../registry/world.ts';
import { holding, holdingMessages, image, refuse, sigstore, tagOf, verify } from './signed-world.ts';

afterEach(closeServers);

const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const otherKeys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const other = await createSigstore();
const pem = createPublicKey(keys.privateKey).export({ type: 'spki', format: 'pem' }).toString();
const files = { 'cosign.pub': pem };

const BY_US = `- signature: { identity: ${WORKFLOW}@refs/heads/main, issuer: ${ISSUER} }`;
const BY_KEY = '- signature: { key: cosign.pub }';
const OFF_LOG = '- signature: { key: cosign.pub, transparency-log: false }';
const PERSON = { identity: 'ann@acme.example', issuer: 'https://accounts.example' };

/** The two formats that cosign has had. */
const FORMATS: readonly [string, (options?: SignOptions, digest?: string) => ReturnType<typeof holding>][] = [
  [
    'a bundle',
    async (options = {}, digest = image.digest) =>
      holding(await sigstore.attest(digest, { ...options, predicateType: COSIGN_SIGNATURE })),
  ],
  [
    'the tag .sig',
    async (options = {}, digest = image.digest) => holdingMessages(await sigstore.signMessage(digest, options)),
  ],
];

describe.each(FORMATS)('a signature of cosign in %s', (_, signed) => {
  test('is accepted by the identity and issuer of its certificate', async () => {
    const [verified] = await verify(await signed(), BY_US);
    expect(verified).toMatchObject({ kind: 'signature', signer: `${WORKFLOW}@refs/heads/main`, issuer: ISSUER });
  });

  test.each([
    [
      'the address of a person',
      '- signature: { identity: ann@acme.example, issuer: https://accounts.example }',
      PERSON,
    ],
    ['a pattern of refs', `- signature: { identity: ${WORKFLOW}@refs/heads/**, issuer: ${ISSUER} }`, {}],
    ['a pattern of workflows', `- signature: { identity: https://github.com/acme/**, issuer: ${ISSUER} }`, {}],
  ])('is accepted by %s', async (__, yaml, options) => {
    expect(await verify(await signed(options), yaml)).toHaveLength(1);
  });

  test.each<[string, SignOptions, string]>([
    [
      'another identity',
      { identity: `${WORKFLOW}@refs/heads/feature` },
      `\`identity: ${WORKFLOW}@refs/heads/feature\``,
    ],
    ['an identity that only begins alike', { identity: `${WORKFLOW}@refs/heads/main-two` }, 'has the identity'],
    ['another issuer', { issuer: 'https://issuer.evil.example' }, '`issuer: https://issuer.evil.example`'],
  ])('by %s is refused, with the line that would accept it', async (__, options, says) => {
    expect(await refuse(await signed(options), BY_US)).toContain(says);
  });

  test.each([
    [
      '`*` does not go beyond a part of the path',
      `- signature: { identity: https://github.com/acme/*, issuer: ${ISSUER} }`,
    ],
    [
      'a dot is a dot',
      `- signature: { identity: ${WORKFLOW.replace('github.com', 'githubxcom')}@refs/heads/main, issuer: ${ISSUER} }`,
    ],
  ])('is refused: %s', async (__, yaml) => {
    expect(await refuse(await signed(), yaml)).toContain('has the identity');
  });

  test.each<[string, SignOptions, string]>([
    ['entered into another log', { log: createLog('https://rekor.test.example') }, "can't be verified"],
    ['entered into no log', { log: null }, "can't be verified: expected 1 timestamps"],
    ['after its certificate expired', { loggedAt: Date.UTC(2026, 0, 2) }, 'Failed to verify certificate chain'],
    ['whose certificate no log has seen', { isLogged: false }, 'expected 1 SCTs, got 0'],
  ])('%s is refused', async (__, options, says) => {
    expect(await refuse(await signed(options), BY_US)).toContain(says);
  });

  test('of another digest is refused', async () => {
    expect(await refuse(await signed({}, `sha256:${'0'.repeat(64)}`), BY_US)).toContain('signs another image');
  });

  test('is no attestation', async () => {
    expect(await refuse(await signed(), '- attestation: { repository: acme/agent }')).toContain(
      'is a signature, not an attestation',
    );
  });

  test('by the right key is accepted, and named by its hash', async () => {
    const [verified] = await verify(await signed({ key: keys.privateKey }), { yaml: BY_KEY, files });
    expect(verified).toMatchObject({
      kind: 'signature',
      signer: expect.stringMatching(/^key sha256:[0-9a-f]{64}$/),
      issuer: null,
    });
  });

  test('by the right key off the log is accepted only where that is said', async () => {
    const opened = await signed({ key: keys.privateKey, log: null });
    expect(await refuse(opened, { yaml: BY_KEY, files })).toContain('expected 1 tlog entries, got 0');
    expect(await verify(opened, { yaml: OFF_LOG, files })).toHaveLength(1);
  });

  test.each([
    ['another key', { key: otherKeys.privateKey }, "can't be verified"],
    ['a certificate', {}, 'is signed with a certificate, not by a key'],
  ])('by %s is refused where a key is required', async (__, options, says) => {
    expect(await refuse(await signed(options), { yaml: BY_KEY, files })).toContain(says);
    expect(await refuse(await signed(options), { yaml: OFF_LOG, files })).toContain(says);
  });

  test('by a key is refused where a certificate is required', async () => {
    expect(await refuse(await signed({ key: keys.privateKey }), BY_US)).toContain(
      'is signed by a key, without a certificate',
    );
  });
});

describe('an attestation', () => {
  test.each(['https://slsa.dev/provenance/v1', 'https://spdx.dev/Document'])(
    'of the type %s is no signature',
    async (predicateType) => {
      const opened = await holding(await sigstore.attest(image.digest, { predicateType }));
      expect(await refuse(opened, BY_US)).toContain(`is an attestation (${predicateType}), not a signature`);
    },
  );
});

describe('a signature in the tag .sig', () => {
  const changed = async (change: (signed: CosignMessage) => CosignMessage) =>
    holdingMessages(change(await sigstore.signMessage(image.digest)));
  const without = (name: string, value: string) => (signed: CosignMessage) => ({
    ...signed,
    annotations: { ...signed.annotations, [name]: value },
  });

  test.each<[string, (signed: CosignMessage) => CosignMessage, string]>([
    [
      'with another message',
      (signed) => ({ ...signed, message: Buffer.from(signed.message.toString().replace('acme/agent', 'acme/agenT')) }),
      "can't be verified",
    ],
    [
      'with a message that is not of cosign',
      (signed) => ({ ...signed, message: Buffer.from('{}') }),
      "can't be verified",
    ],
    [
      'with a malformed entry',
      without('dev.sigstore.cosign/bundle', '{"Payload":{}}'),
      'has an entry of a transparency log that is malformed',
    ],
    [
      'with a malformed certificate',
      without('dev.sigstore.cosign/certificate', '<html>'),
      'has a certificate that is malformed',
    ],
    [
      'with a malformed timestamp',
      without('dev.sigstore.cosign/rfc3161timestamp', '[]'),
      'has a timestamp that is malformed',
    ],
    ['without the signature', without('dev.cosignproject.cosign/signature', ''), 'is not a Sigstore bundle'],
  ])('%s is refused', async (_, change, says) => {
    expect(await refuse(await changed(change), BY_US)).toContain(says);
  });

  test('among others of the tag is found', async () => {
    const opened = await holdingMessages(
      await other.signMessage(image.digest),
      await sigstore.signMessage(image.digest),
    );
    expect(await verify(opened, BY_US)).toHaveLength(1);
  });

  test('beside a layer that lives elsewhere is not taken', async () => {
    const opened = await holding();
    const digest = `sha256:${'0'.repeat(64)}`;
    const layer = {
      mediaType: 'application/vnd.oci.image.layer.nondistributable.v1.tar',
      digest,
      size: 1,
      urls: ['https://x'],
    };
    opened.registry.seed('acme/agent', tagOf('.sig'), buildArtifact([], { layers: [layer] }));
    expect(await refuse(opened, BY_US)).toContain('has layers that live elsewhere');
  });

  test('of something else is named', async () => {
    const opened = await holding();
    const layers = [{ mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', bytes: Buffer.from('layer') }];
    opened.registry.seed('acme/agent', tagOf('.sig'), buildArtifact(layers));
    expect(await refuse(opened, BY_US)).toContain('has 1 layers that are no signatures');
  });
});

describe('an attestation in the tag .att', () => {
  test('is accepted as one in a bundle is', async () => {
    const opened = await holding();
    const { dsseEnvelope, verificationMaterial } = (await sigstore.attest(image.digest)) as {
      dsseEnvelope: object;
      verificationMaterial: {
        certificate: { rawBytes: string };
        tlogEntries: Parameters<typeof toCosignAnnotations>[1][];
      };
    };
    const annotations = toCosignAnnotations(
      verificationMaterial.certificate.rawBytes,
      verificationMaterial.tlogEntries[0]!,
    );
    const layer = {
      mediaType: 'application/vnd.dsse.envelope.v1+json',
      bytes: Buffer.from(JSON.stringify(dsseEnvelope)),
      annotations,
    };
    opened.registry.seed('acme/agent', tagOf('.att'), buildArtifact([layer]));
    const [verified] = await verify(opened, '- attestation: { repository: acme/agent }');
    expect(verified).toMatchObject({ found: `tag ${tagOf('.att')}`, kind: 'attestation' });
  });
});

function toCosignAnnotations(
  certificate: string,
  entry: {
    canonicalizedBody: string;
    integratedTime: string;
    logIndex: string;
    logId: { keyId: string };
    inclusionPromise: { signedEntryTimestamp: string };
  },
) {
  return {
    // As cosign writes it of an attestation, whose signature is in the envelope.
    'dev.cosignproject.cosign/signature': '',
    'dev.sigstore.cosign/certificate': `-----BEGIN CERTIFICATE-----\n${certificate}\n-----END CERTIFICATE-----\n`,
    'dev.sigstore.cosign/bundle': JSON.stringify({
      SignedEntryTimestamp: entry.inclusionPromise.signedEntryTimestamp,
      Payload: {
        body: entry.canonicalizedBody,
        integratedTime: Number(entry.integratedTime),
        logIndex: Number(entry.logIndex),
        logID: Buffer.from(entry.logId.keyId, 'base64').toString('hex'),
      },
    }),
  };
}
