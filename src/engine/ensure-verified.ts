import type { CancellableIo } from '../io/io.ts';
import type { RunRecord } from '../model/outcome.ts';
import type { VerifiedImage, VerifyOptions } from '../model/requirement.ts';
import type { RegistryClient } from '../registry/client.ts';
import { runPhase } from './phase.ts';
import type { ResolvedImage } from './resolve-images.ts';

/**
 * Refuses images that are not signed as the input `verify` requires, while nothing is copied. They are verified where
 * they come from; from then on only their digests are used.
 * @throws DeployError IMAGE_UNVERIFIED, …
 */
export async function ensureVerified(
  images: readonly ResolvedImage[],
  { verify, trustedRoots, record }: VerifyOptions & { readonly record: RunRecord },
  context: CancellableIo & { readonly registry: RegistryClient },
): Promise<void> {
  if (verify.length === 0) return;
  const sources = images.map(({ image, copy }) => copy?.source ?? image);
  await runPhase('Verify the image', record, context.io, async () => {
    // The libraries for it are loaded by those who use it only.
    const { verifyImages } = await import('../verification/verify-images.ts');
    record.verified = await verifyImages(sources, { verify, trustedRoots }, context);
    for (const verified of record.verified) context.io.log.info(describeVerified(verified));
  });
}

/** `verify[0]: ghcr.io/acme/agent@sha256:… has an attestation by https://…, commit …`. */
export function describeVerified({ image, requirement, kind, signer, issuer, commit }: VerifiedImage): string {
  if (kind === 'unverified') return `${requirement}: ${image} is deployed unverified`;
  const from = commit === null ? '' : `, commit ${commit}`;
  const vouched = issuer === null ? '' : `, issuer ${issuer}`;
  return `${requirement}: ${image} has ${kind === 'attestation' ? 'an attestation' : 'a signature'} by ${signer}${vouched}${from}`;
}
