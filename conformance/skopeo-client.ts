import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { World } from '../simulators/world.ts';
import { type ProgramResult, runProgram, runWell } from './run-program.ts';

/** skopeo in front of one embedded world, through the edge; registries on this machine are reached directly. */
export interface Skopeo {
  /** `args` begins with skopeo's own command. @throws Error where it ends with another code than 0. */
  say(...args: readonly string[]): Promise<string>;
  /** However it ends. */
  try(...args: readonly string[]): Promise<ProgramResult>;
  /** Of the manifest or index as it is stored: `sha256:…`. */
  digest(image: string, ...options: readonly string[]): Promise<string>;
  /** A path that is not in use yet. */
  path(name: string): string;
}

export async function openSkopeo(file: string, world: World, directory: string): Promise<Skopeo> {
  const [home, noCertificates] = [path.join(directory, 'home'), path.join(directory, 'no-certificates')];
  for (const folder of [home, noCertificates]) await mkdir(folder, { recursive: true });
  const { NODE_OPTIONS: _, SIM_CLOCK_PORT: __, ...proxied } = world.env;
  const env = {
    ...proxied,
    HOME: home,
    // Go's words for the trusted authorities: ours is the only one.
    SSL_CERT_FILE: world.env['NODE_EXTRA_CA_CERTS'] ?? '',
    SSL_CERT_DIR: noCertificates,
    TMPDIR: directory,
    XDG_RUNTIME_DIR: home,
  };
  // The same platform on every machine.
  const always = ['--insecure-policy', '--override-os', 'linux', '--override-arch', 'amd64'];
  const say: Skopeo['say'] = (...args) => runWell(file, [...always, ...args], { env });
  return {
    say,
    try: (...args) => runProgram(file, [...always, ...args], { env }),
    async digest(image, ...options) {
      const manifest = path.join(directory, `manifest-${randomUUID()}`);
      await writeFile(manifest, await say('inspect', '--raw', ...options, image));
      return (await say('manifest-digest', manifest)).trim();
    },
    path: (name) => path.join(directory, name),
  };
}
