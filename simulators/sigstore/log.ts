import { createHash, generateKeyPairSync, sign } from 'node:crypto';

interface Signed {
  readonly signature: Buffer;
  /** PEM of the certificate or the public key that it is verified with. */
  readonly verifier: Buffer;
  /** Milliseconds. */
  readonly at: number;
}

export interface LogEntry {
  readonly logIndex: string;
  readonly logId: { readonly keyId: string };
  readonly kindVersion: { readonly kind: string; readonly version: string };
  readonly integratedTime: string;
  readonly inclusionPromise: { readonly signedEntryTimestamp: string };
  readonly inclusionProof: object;
  readonly canonicalizedBody: string;
}

/** A log as Rekor v1. Each entry is the only one of a tree of its own: its proof is as short as can be. */
export interface TransparencyLog {
  /** As a trusted root lists it. */
  readonly trusted: object;
  enterEnvelope(entry: Signed & { readonly payload: Buffer; readonly payloadType: string }): LogEntry;
  enterMessage(entry: Signed & { readonly message: Buffer }): LogEntry;
}

export function createLog(baseUrl: string): TransparencyLog {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const id = sha256(spki);
  const name = new URL(baseUrl).hostname;
  const enter = (
    body: { readonly kind: string; readonly apiVersion: string; readonly spec: object },
    at: number,
  ): LogEntry => {
    const bytes = Buffer.from(JSON.stringify(body));
    const canonicalizedBody = bytes.toString('base64');
    const integratedTime = Math.floor(at / 1_000);
    // RFC 8785: its keys are sorted.
    const promised = JSON.stringify({
      body: canonicalizedBody,
      integratedTime,
      logID: id.toString('hex'),
      logIndex: 0,
    });
    const root = sha256(Buffer.concat([Buffer.from([0]), bytes])).toString('base64');
    const note = `${name} - 1\n1\n${root}\n`;
    const noteSignature = Buffer.concat([id.subarray(0, 4), sign('sha256', Buffer.from(note), privateKey)]);
    return {
      logIndex: '0',
      logId: { keyId: id.toString('base64') },
      kindVersion: { kind: body.kind, version: body.apiVersion },
      integratedTime: String(integratedTime),
      inclusionPromise: { signedEntryTimestamp: sign('sha256', Buffer.from(promised), privateKey).toString('base64') },
      inclusionProof: {
        logIndex: '0',
        rootHash: root,
        treeSize: '1',
        hashes: [],
        checkpoint: { envelope: `${note}\n\u2014 ${name} ${noteSignature.toString('base64')}\n` },
      },
      canonicalizedBody,
    };
  };
  return {
    trusted: {
      baseUrl,
      hashAlgorithm: 'SHA2_256',
      publicKey: {
        rawBytes: spki.toString('base64'),
        keyDetails: 'PKIX_ECDSA_P256_SHA_256',
        validFor: { start: '2020-01-01T00:00:00Z' },
      },
      logId: { keyId: id.toString('base64') },
    },
    enterEnvelope({ payload, payloadType, signature, verifier, at }) {
      // RFC 8785: its keys are sorted.
      const envelope = JSON.stringify({
        payload: payload.toString('base64'),
        payloadType,
        signatures: [{ sig: signature.toString('base64') }],
      });
      const envelopeHash = { algorithm: 'sha256', value: sha256(Buffer.from(envelope)).toString('hex') };
      const signatures = [{ signature: signature.toString('base64'), verifier: verifier.toString('base64') }];
      const payloadHash = { algorithm: 'sha256', value: sha256(payload).toString('hex') };
      return enter({ apiVersion: '0.0.1', kind: 'dsse', spec: { envelopeHash, payloadHash, signatures } }, at);
    },
    enterMessage({ message, signature, verifier, at }) {
      const publicKey = { content: verifier.toString('base64') };
      const spec = {
        data: { hash: { algorithm: 'sha256', value: sha256(message).toString('hex') } },
        signature: { content: signature.toString('base64'), publicKey },
      };
      return enter({ apiVersion: '0.0.1', kind: 'hashedrekord', spec }, at);
    },
  };
}

function sha256(data: Buffer): Buffer {
  return createHash('sha256').update(data).digest();
}
