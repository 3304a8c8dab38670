import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Behaviour } from '../../../simulators/behaviour.ts';
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
  return {
    worlds,
    identities,
    images,
    attested: new Set(),
    imageFolder,
    push(name, { behaviour, ...image }) {
      const [repository, tag] = name.split(':');
      if (repository !== REPOSITORY || !tag) throw new Error(`denied: permission_denied: write_package (${name})`);
      for (const world of worlds) world.publish(tag, behaviour, { platforms: ['linux/amd64'] });
      const digest = worlds[0]!.source.snapshot().repositories[SOURCE.repository]!.tags[tag]!;
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
