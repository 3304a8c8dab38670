import { createHash, createPublicKey } from 'node:crypto';
import type { CancellableIo } from '../io/io.ts';
import { formatImage, type ImageReference } from '../model/image.ts';
import type { SignedRequirement, VerifiedImage } from '../model/requirement.ts';
import type { RegistryClient } from '../registry/client.ts';
import { type Found, isCandidate, quoteForeign, type Unusable } from './candidate.ts';
import { checkBundle } from './check-bundle.ts';
import type { Claims } from './claims.ts';
import { findCandidates } from './find-candidates.ts';
import { findMismatches, type Mismatch } from './match-requirement.ts';
import { readBundleFile } from './read-bundle-file.ts';
import type { Trust } from './trust.ts';

export interface Verification extends CancellableIo {
  readonly registry: RegistryClient;
  readonly trust: readonly Trust[];
}

/** Why a requirement is not fulfilled: all that was found, and what is wrong with each. */
export interface Unfulfilled {
  readonly requirement: SignedRequirement;
  readonly rejected: readonly Rejected[];
}

/** `claims` null: it could not be verified. */
export interface Rejected extends Unusable {
  readonly claims: Claims | null;
  readonly mismatches: readonly Mismatch[];
}

export interface ImageVerdict {
  readonly verified: readonly VerifiedImage[];
  readonly unfulfilled: readonly Unfulfilled[];
}

/** @throws DeployError of the registry; the signal's reason */
export async function verifyImage(
  image: ImageReference,
  requirements: readonly SignedRequirement[],
  verification: Verification,
): Promise<ImageVerdict> {
  const inRegistry = requirements.some(({ bundle }) => bundle === null);
  const found = inRegistry ? await findCandidates(verification.registry, image) : [];
  const verified: VerifiedImage[] = [];
  const unfulfilled: Unfulfilled[] = [];
  for (const requirement of requirements) {
    verification.signal.throwIfAborted();
    const { bundle } = requirement;
    const candidates = bundle === null ? found : readBundleFile(bundle, verification.io.files);
    const verdict = judge(candidates, { image, requirement, trust: verification.trust });
    if ('kind' in verdict) verified.push(verdict);
    else unfulfilled.push(verdict);
  }
  return { verified, unfulfilled };
}

interface Question {
  readonly image: ImageReference;
  readonly requirement: SignedRequirement;
  readonly trust: readonly Trust[];
}

/** The first that fulfils it is enough. */
function judge(found: readonly Found[], { image, requirement, trust }: Question): VerifiedImage | Unfulfilled {
  const rejected: Rejected[] = [];
  const key = requirement.kind === 'key' ? requirement : null;
  for (const one of found) {
    const claims = isCandidate(one) ? checkBundle(one, { digest: image.digest, trust, key }) : one.problem;
    if (typeof claims === 'string') {
      rejected.push({ found: one.found, problem: claims, claims: null, mismatches: [] });
      continue;
    }
    const mismatches = findMismatches(claims, requirement);
    if (mismatches.length === 0) return describeVerified(claims, one.found, { image, requirement });
    const problem = mismatches.map(({ why }) => quoteForeign(why)).join(', ');
    rejected.push({ found: one.found, problem, claims, mismatches });
  }
  return { requirement, rejected };
}

function describeVerified(
  { kind, predicateType, certificate }: Claims,
  found: string,
  { image, requirement }: Pick<Question, 'image' | 'requirement'>,
): VerifiedImage {
  const quoted = (text: string | null | undefined): string | null => (text ? quoteForeign(text) : null);
  return {
    image: formatImage({ ...image, tag: null }),
    requirement: requirement.label,
    kind,
    signer: requirement.kind === 'key' ? nameKey(requirement.key) : quoted(certificate?.identity),
    issuer: quoted(certificate?.issuer),
    predicateType: quoted(predicateType),
    repository: quoted(certificate?.repository),
    ref: quoted(certificate?.ref),
    commit: quoted(certificate?.commit),
    found,
  };
}

/** As `openssl pkey -pubin -outform der | sha256sum` prints it. */
function nameKey(pem: string): string {
  const der = createPublicKey(pem).export({ type: 'spki', format: 'der' });
  return `key sha256:${createHash('sha256').update(der).digest('hex')}`;
}
