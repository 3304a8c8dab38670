import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Behaviour } from '../../../simulators/behaviour.ts';
import { buildImage, buildReferrer, type OciImage } from '../../../simulators/images.ts';
import { createSigstore, type SigstoreInstance } from '../../../simulators/sigstore/instance.ts';
import { SOURCE, type World } from '../../../simulators/world.ts';
import type { Permissions } from '../runner/permissions.ts';

/** Who may be a role (AWS), a service account (Google) or an application (Azure): its name, and the trusted `sub`. */
export interface Identity {
  readonly name: string;
  /** `repo:acme/agent:environment:staging`. */
  readonly subject: string;
}

/** What a build left in GHCR. */
export interface BuiltImage {
  readonly digest: string;
  /** Of the Dockerfile; '' is root. */
  readonly user: string;
  readonly vulnerabilities: readonly string[];
}

/** Everything that the actions of others reach from a job: GHCR, the clouds' doors, and what was signed. */
export interface Outside {
  readonly worlds: readonly World[];
  readonly identities: readonly Identity[];
  readonly images: Map<string, BuiltImage>;
  /** Digests with a signed provenance. */
  readonly attested: Set<string>;
  /** Who signs it: made when it is first asked for. */
  sigstore(): Promise<SigstoreInstance>;
  /** Pushes the bundle to GHCR, as a referrer of the image that was built. */
  refer(digest: string, bundle: object): void;
  /** The folder in which the stand-in of docker finds the images, one file for each digest, with the user in it. */
  readonly imageFolder: string;
  /** @returns the digest. @throws Error in GHCR's words. */
  push(name: string, image: Omit<BuiltImage, 'digest'> & { readonly behaviour: Partial<Behaviour> }): string;
  /** `name`: with a digest. @throws Error in GHCR's words. */
  pull(name: string): BuiltImage;
  close(): Promise<void>;
}

const REPOSITORY = `${SOURCE.host}/${SOURCE.repository}`;

/** `identities`: of every environment. The worlds share what is pushed, as they all pull from the one GHCR. */
export function openOutside(worlds: readonly World[], identities: readonly Identity[]): Outside {
  const imageFolder = mkdtempSync(path.join(tmpdir(), 'images-'));
  const images = new Map<string, BuiltImage>();
  const built = new Map<string, OciImage>();
  let instance: Promise<SigstoreInstance> | null = null;
  return {
    worlds,
    identities,
    images,
    attested: new Set(),
    imageFolder,
    sigstore() {
      instance ??= createSigstore();
      return instance;
    },
    refer(digest, bundle) {
      const content = Buffer.from(JSON.stringify(bundle));
      const referrer = buildReferrer(
        built.get(digest)!,
        digest,
        'application/vnd.dev.sigstore.bundle.v0.3+json',
        content,
      );
      for (const world of worlds) world.source.seed(SOURCE.repository, null, referrer);
    },
    push(name, { behaviour, ...image }) {
      const [repository, tag] = name.split(':');
      if (repository !== REPOSITORY || !tag) throw new Error(`denied: permission_denied: write_package (${name})`);
      const options = { seed: tag, behaviour: { version: tag, ...behaviour }, platforms: ['linux/amd64'] };
      const content = buildImage(options);
      for (const world of worlds) world.source.seed(SOURCE.repository, tag, content);
      const { digest } = content;
      built.set(digest, content);
      images.set(digest, { ...image, digest });
      mkdirSync(path.join(imageFolder, path.dirname(REPOSITORY)), { recursive: true });
      writeFileSync(path.join(imageFolder, `${REPOSITORY}@${digest}`), `${image.user}\n`);
      return digest;
    },
    pull(name) {
      const [repository, digest = ''] = name.split('@');
      const image = repository === REPOSITORY ? images.get(digest) : undefined;
      if (!image) throw new Error(`manifest unknown: ${name}`);
      return image;
    },
    async close() {
      rmSync(imageFolder, { recursive: true, force: true });
      for (const world of worlds) await world.close();
    },
  };
}

/** `github.token`: GHCR takes it where the job has packages, for read or for write. */
export function tokenFor(permissions: Permissions): string {
  const level = permissions.granted['packages'] ?? 'none';
  return level === 'none' ? 'ghs_hasNoPackages' : SOURCE.password;
}
