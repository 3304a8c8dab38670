import type { CancellableIo } from '../io/io.ts';
import { formatImage, type ImageReference } from '../model/image.ts';
import type { Requirement, SignedRequirement, VerifiedImage, VerifyOptions } from '../model/requirement.ts';
import { matchesPattern } from '../model/text-pattern.ts';
import type { RegistryClient } from '../registry/client.ts';
import { formatRepository } from '../registry/repository.ts';
import { readPublicRoot } from './public-root.ts';
import { refusalOf, uncovered } from './refusal.ts';
import { openTrust } from './trust.ts';
import { type Verification, verifyImage } from './verify-image.ts';

/**
 * Verifies that each image fulfils all requirements that are for it, by reading only.
 * @param images Where they come from, not where they are copied to.
 * @throws DeployError IMAGE_UNVERIFIED; INPUT_INVALID for a trusted root or bundle that can't be read; of the registry
 */
export async function verifyImages(
  images: readonly ImageReference[],
  { verify, trustedRoots }: VerifyOptions,
  { registry, ...context }: CancellableIo & { readonly registry: RegistryClient },
): Promise<readonly VerifiedImage[]> {
  const roots = trustedRoots ?? [await readPublicRoot(context)];
  const verification = { ...context, registry, trust: roots.map(openTrust) };
  const verified: VerifiedImage[] = [];
  for (const image of new Map(images.map((one) => [formatImage({ ...one, tag: null }), one])).values()) {
    verified.push(...(await verifyOne(image, verify, verification)));
  }
  return verified;
}

async function verifyOne(
  image: ImageReference,
  all: readonly Requirement[],
  verification: Verification,
): Promise<readonly VerifiedImage[]> {
  const own = all.filter(({ images }) => images === null || matchesPattern(formatRepository(image), images));
  const signed = own.filter((requirement): requirement is SignedRequirement => requirement.kind !== 'unverified');
  const exempt = own.find(({ kind }) => kind === 'unverified');
  if (exempt) return [unverified(image, exempt)];
  if (signed.length === 0) throw uncovered(image);
  const { verified, unfulfilled } = await verifyImage(image, signed, verification);
  if (unfulfilled.length > 0) throw refusalOf(image, unfulfilled);
  return verified;
}

function unverified(image: ImageReference, { label }: Requirement): VerifiedImage {
  const name = formatImage({ ...image, tag: null });
  const nothing = { signer: null, issuer: null, predicateType: null, repository: null, ref: null, commit: null };
  return { image: name, requirement: label, kind: 'unverified', ...nothing, found: null };
}
