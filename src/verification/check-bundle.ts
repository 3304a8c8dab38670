import { createPublicKey } from 'node:crypto';
import { type Bundle, bundleFromJSON, type SerializedBundle } from '@sigstore/bundle';
import { type SignedEntity, type Signer, toSignedEntity, type Verifier } from '@sigstore/verify';
import type { Digest } from '../model/image.ts';
import type { KeyRequirement } from '../model/requirement.ts';
import { type Candidate, quoteForeign } from './candidate.ts';
import { type Claims, readCertificate } from './claims.ts';
import { readStatement } from './read-statement.ts';
import type { Trust } from './trust.ts';

export interface BundleCheck {
  readonly digest: Digest;
  /** It is enough that one of them vouches for the signature. */
  readonly trust: readonly Trust[];
  /** null: with the certificate that the bundle has. */
  readonly key: KeyRequirement | null;
}

/** What the candidate says of the image, if everything about it can be verified. A text: why it can't. */
export function checkBundle(candidate: Candidate, check: BundleCheck): Claims | string {
  const bundle = parse(candidate);
  if (typeof bundle === 'string') return bundle;
  const byKey = bundle.verificationMaterial.content.$case === 'publicKey';
  if (byKey !== (check.key !== null)) {
    return byKey ? 'is signed by a key, without a certificate' : 'is signed with a certificate, not by a key';
  }
  // What is signed is checked by its text below: without the text, any digest could be claimed.
  if (bundle.content.$case === 'messageSignature' && candidate.message === null) return 'signs a file, not an image';
  const signer = verify(toSigned(bundle, candidate.message), check);
  if (typeof signer === 'string') return signer;
  const statement = readStatement(bundle, { digest: check.digest, message: candidate.message });
  if (typeof statement === 'string') return statement;
  return { ...statement, certificate: byKey ? null : readCertificate(signer) };
}

function parse({ bundle }: Candidate): Bundle | string {
  try {
    return bundleFromJSON(bundle as SerializedBundle);
  } catch (error) {
    return `is not a Sigstore bundle: ${say(error)}`;
  }
}

/** The parser of certificates throws what it comes upon: each is a reason to refuse. */
function say(error: unknown): string {
  return quoteForeign(error instanceof Error ? error.message : String(error));
}

function toSigned(bundle: Bundle, message: Buffer | null): () => SignedEntity {
  return () => (message === null ? toSignedEntity(bundle) : toSignedEntity(bundle, message));
}

function verify(toEntity: () => SignedEntity, { trust, key }: BundleCheck): Signer | string {
  const reasons = new Set<string>();
  for (const one of trust) {
    try {
      return verifierOf(one, key).verify(toEntity());
    } catch (error) {
      reasons.add(say(error));
    }
  }
  return `can't be verified: ${[...reasons].join('; ')}`;
}

function verifierOf(trust: Trust, key: KeyRequirement | null): Verifier {
  if (key === null) return trust.certificates;
  const publicKey = createPublicKey(key.key);
  // Which key it is, is said by the input, and not by the bundle's hint.
  return trust.withKey(() => ({ publicKey, validFor: () => true }), key.needsLog);
}
