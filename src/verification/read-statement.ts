import type { Bundle } from '@sigstore/bundle';
import type { Digest } from '../model/image.ts';
import { listAt, textAt, tryParseJson } from '../model/json.ts';
import type { Claims } from './claims.ts';

/** What cosign signs an image with, in a bundle. */
export const COSIGN_PREDICATE = 'https://sigstore.dev/cosign/sign/v1';
const COSIGN_MESSAGE = 'cosign container image signature';
const IN_TOTO = 'application/vnd.in-toto+json';
const STATEMENTS = ['https://in-toto.io/Statement/v1', 'https://in-toto.io/Statement/v0.1'];

type Statement = Omit<Claims, 'certificate'>;

/**
 * What was signed about this image. Call it once the signature is verified.
 * A text: why it says nothing of this image.
 */
export function readStatement(
  { content }: Bundle,
  { digest, message }: { readonly digest: Digest; readonly message: Buffer | null },
): Statement | string {
  return content.$case === 'messageSignature'
    ? readMessage(message, digest)
    : readEnvelope(content.dsseEnvelope, digest);
}

function readMessage(message: Buffer | null, digest: Digest): Statement | string {
  if (message === null) return 'signs a file, not an image';
  const signed = tryParseJson(message.toString());
  if (textAt(signed, 'critical', 'type') !== COSIGN_MESSAGE) return 'signs a text that is not of cosign';
  const named = textAt(signed, 'critical', 'image', 'docker-manifest-digest');
  return named === digest ? { kind: 'signature', predicateType: null } : `signs another image: ${named.slice(0, 80)}`;
}

function readEnvelope(
  { payload, payloadType }: { readonly payload: Buffer; readonly payloadType: string },
  digest: Digest,
): Statement | string {
  const statement = tryParseJson(payload.toString());
  if (payloadType !== IN_TOTO || !STATEMENTS.includes(textAt(statement, '_type'))) {
    return 'signs something that is not an in-toto statement';
  }
  const subjects = listAt(statement, 'subject').map((subject) => textAt(subject, 'digest', 'sha256'));
  if (!subjects.some((subject) => `sha256:${subject}` === digest)) {
    return `signs another image: ${subjects.slice(0, 3).join(', ').slice(0, 220)}`;
  }
  const predicateType = textAt(statement, 'predicateType');
  return { kind: predicateType === COSIGN_PREDICATE ? 'signature' : 'attestation', predicateType };
}
