import { BEHAVIOUR_LABEL, type Behaviour, type PulledImage, wellBehaved } from '../behaviour.ts';
import { type ManifestDocument, parseManifest } from './manifests.ts';
import { findManifest, type Repositories, type Repository, type StoredManifest } from './repositories.ts';

/** What a linux/amd64 platform gets for `name:tag` or `name@sha256:…`; null: something that it needs is not there. */
export function pullFrom(repositories: Repositories, reference: string): PulledImage | null {
  const [beforeDigest = '', digest] = reference.split('@');
  const colon = beforeDigest.lastIndexOf(':');
  const name = colon < 0 ? beforeDigest : beforeDigest.slice(0, colon);
  const tag = colon < 0 ? 'latest' : beforeDigest.slice(colon + 1);
  const repository = repositories.byName.get(name);
  const top = repository && findManifest(repository, digest ?? tag);
  if (!repository || !top) return null;
  const manifest = chooseManifest(repository, top);
  const config = manifest && readConfig(repositories, repository, manifest);
  const behaviour = config && readBehaviour(config);
  return behaviour ? { digest: top.digest, behaviour } : null;
}

function chooseManifest(repository: Repository, top: StoredManifest): ManifestDocument | null {
  const document = parseManifest(top.bytes);
  if (!document?.manifests) return document;
  const fits = document.manifests.find(({ platform }) => platform?.os === 'linux' && platform.architecture === 'amd64');
  const child = fits && repository.manifests.get(fits.digest);
  return child ? parseManifest(child.bytes) : null;
}

function readConfig(repositories: Repositories, repository: Repository, manifest: ManifestDocument): Buffer | null {
  const layers = manifest.layers ?? [];
  if (layers.some(({ digest, urls }) => !urls?.length && !repository.blobs.has(digest))) return null;
  const digest = manifest.config?.digest ?? '';
  return repository.blobs.has(digest) ? (repositories.blobs.get(digest) ?? null) : null;
}

function readBehaviour(config: Buffer): Behaviour | null {
  try {
    const label = (JSON.parse(config.toString()) as { config?: { Labels?: Record<string, string> } }).config?.Labels?.[
      BEHAVIOUR_LABEL
    ];
    return label === undefined ? null : { ...wellBehaved, ...(JSON.parse(label) as Partial<Behaviour>) };
  } catch {
    return null;
  }
}
