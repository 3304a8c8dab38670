import type { PeerQuestion } from '../../../conformance/verify/ask-peers.ts';
import { buildArtifact, buildImage, buildIndexOf, buildReferrer, type OciImage } from '../../../simulators/images.ts';
import { type CosignMessage, createSigstore } from '../../../simulators/sigstore/instance.ts';
import { parseRequirements } from '../../../src/inputs/verify.ts';
import { DeployError } from '../../../src/model/errors.ts';
import type { Digest } from '../../../src/model/image.ts';
import type { JsonObject } from '../../../src/model/json.ts';
import type { Requirement, SignedRequirement, VerifiedImage } from '../../../src/model/requirement.ts';
import { verifyImages } from '../../../src/verification/verify-images.ts';
import { fakeIo } from '../../fixtures/fake-io.ts';
import { type Opened, openRegistry } from '../registry/copy-world.ts';
import { openClient } from '../registry/world.ts';
import { askBeside } from './beside-peers.ts';

export const sigstore = await createSigstore();

export const BUNDLE = 'application/vnd.dev.sigstore.bundle.v0.3+json';
export const image = buildImage({ behaviour: { version: 'v1' }, platforms: ['linux/amd64', 'linux/arm64'] });

/** A registry that holds the image and, as referrers, these bundles. */
export async function holding(...bundles: readonly object[]): Promise<Opened> {
  const opened = await openRegistry();
  opened.registry.seed('acme/agent', 'v1', image);
  for (const bundle of bundles) refer(opened, Buffer.from(JSON.stringify(bundle)));
  return opened;
}

export function refer({ registry }: Opened, content: Buffer, type = BUNDLE): OciImage {
  const referrer = buildReferrer(image, image.digest, type, content);
  registry.seed('acme/agent', null, referrer);
  return referrer;
}

/** The same where the registry lists no referrers. */
export async function holdingInTag(bundle: object, options: { hasTypes?: boolean } = {}): Promise<Opened> {
  const opened = await openRegistry({ referrers: 'fallback' });
  opened.registry.seed('acme/agent', 'v1', image);
  const referrer = refer(opened, Buffer.from(JSON.stringify(bundle)));
  opened.registry.seed('acme/agent', tagOf(''), buildIndexOf([referrer], options));
  return opened;
}

/** The image, and signatures in the tag in which cosign puts them. */
export async function holdingMessages(...messages: readonly CosignMessage[]): Promise<Opened> {
  const opened = await openRegistry();
  opened.registry.seed('acme/agent', 'v1', image);
  const layers = messages.map(({ message, annotations }) => ({
    mediaType: 'application/vnd.dev.cosign.simplesigning.v1+json',
    bytes: message,
    annotations,
  }));
  opened.registry.seed('acme/agent', tagOf('.sig'), buildArtifact(layers));
  return opened;
}

export function tagOf(suffix: string): string {
  return `${image.digest.replace(':', '-')}${suffix}`;
}

export interface VerifyCase {
  readonly yaml: string;
  /** Path -> content of files in the workspace. */
  readonly files?: Readonly<Record<string, string>>;
  readonly roots?: readonly object[];
  readonly digest?: string;
}

export async function verify(
  { served, registry }: Opened,
  given: string | VerifyCase,
): Promise<readonly VerifiedImage[]> {
  const {
    yaml,
    files = {},
    roots = [sigstore.trustedRoot],
    digest = image.digest,
  } = typeof given === 'string' ? { yaml: given } : given;
  const io = fakeIo();
  for (const [name, text] of Object.entries(files)) io.stored.set(name, text);
  const options = { verify: parseRequirements(yaml, io.files), trustedRoots: roots as readonly JsonObject[] };
  const source = { registry: served.registry, repository: 'acme/agent', tag: 'v1', digest: digest as Digest };
  const verdict = verifyImages([source], options, { io, signal: io.signal, registry: openClient() });
  await askBeside(
    { served, registry },
    questionsOf({ digest, roots, files }, options.verify, { served, registry }),
    verdict,
  );
  return await verdict;
}

function questionsOf(
  { digest, roots, files }: { digest: string; roots: readonly object[]; files: VerifyCase['files'] & {} },
  requirements: readonly Requirement[],
  { served, registry }: Opened,
): readonly PeerQuestion[] {
  const { tags = {}, manifests = [] } = registry.snapshot().repositories['acme/agent'] ?? {};
  const signed = requirements.filter((one): one is SignedRequirement => one.kind !== 'unverified');
  return signed.map((requirement) => ({
    repository: `${served.registry}/acme/agent`,
    digest,
    requirement,
    roots,
    bundles: requirement.bundle === null ? null : (files[requirement.bundle] ?? ''),
    isInTag: tagOf('.att') in tags,
    isElsewhere: !manifests.includes(digest),
  }));
}

/** The message and the next step of the refusal. */
export async function refuse(opened: Opened, given: string | VerifyCase): Promise<string> {
  const error = await verify(opened, given).then(
    (verified) => new Error(`accepted: ${JSON.stringify(verified)}`),
    (thrown: unknown) => thrown,
  );
  if (error instanceof DeployError && error.code === 'IMAGE_UNVERIFIED') return `${error.message}\n${error.hint}`;
  throw error;
}
