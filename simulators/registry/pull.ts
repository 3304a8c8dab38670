import { BEHAVIOUR_LABEL, type Behaviour, type PulledImage, wellBehaved } from '../behaviour.ts';
import { type ManifestDocument, parseManifest } from './manifests.ts';
import { findManifest, type Repositories, type Repository, type StoredManifest } from './repositories.ts';

/** What a machine of this platform (`linux/amd64`) gets for `name:tag` or `name@sha256:…`; null: something that it needs is not there. */
export function pullFrom(repositories: Repositories, reference: string, platform: string): PulledImage | null {
  const [beforeDigest = '', digest] = reference.split('@');
  const colon = beforeDigest.lastIndexOf(':');
  const name = colon < 0 ? beforeDigest : beforeDigest.slice(0, colon);
  const tag = colon < 0 ? 'latest' : beforeDigest.slice(colon + 1);
  const repository = repositories.byName.get(name);
  const top = repository && findManifest(repository, digest ?? tag);
  if (!repository || !top) return null;
  const manifest = chooseManifest(repository, top, platform);
  const config = manifest && readConfig(repositories, repository, manifest);
  const behaviour = config && readBehaviour(config, platform);
  return behaviour ? { digest: top.digest, behaviour } : null;
}

function chooseManifest(repository: Repository, top: StoredManifest, platform: string): ManifestDocument | null {
  const document = parseManifest(top.bytes);
  if (!document?.manifests) return document;
  const fits = document.manifests.find((child) => `${child.platform?.os}/${child.platform?.architecture}` === platform);
  const child = fits && repository.manifests.get(fits.digest);
  return child ? parseManifest(child.bytes) : null;
}

function readConfig(repositories: Repositories, repository: Repository, manifest: ManifestDocument): Buffer | null {
  const layers = manifest.layers ?? [];
  if (layers.some(({ digest, urls }) => !urls?.length && !repository.blobs.has(digest))) return null;
  const digest = manifest.config?.digest ?? '';
  return repository.blobs.has(digest) ? (repositories.blobs.get(digest) ?? null) : null;
}

interface Config {
  readonly os?: string;
  readonly architecture?: string;
  readonly config?: { readonly Labels?: Readonly<Record<string, string>> };
}

function readBehaviour(bytes: Buffer, platform: string): Behaviour | null {
  try {
    const { os, architecture, config } = JSON.parse(bytes.toString()) as Config;
    const label = config?.Labels?.[BEHAVIOUR_LABEL];
    if (label === undefined) return null;
    const behaviour = { ...wellBehaved, ...(JSON.parse(label) as Partial<Behaviour>) };
    return `${os}/${architecture}` === platform ? behaviour : { ...behaviour, crash: EXEC_FORMAT_ERROR };
  } catch {
    return null;
  }
}

/** One manifest without an index is pulled wherever it is asked for; that it can't run shows when it is started. */
const EXEC_FORMAT_ERROR = { afterMs: 0, exitCode: 1, logs: ['exec /usr/local/bin/agent: exec format error'] };
