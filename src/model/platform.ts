import { DeployError } from './errors.ts';

/** What an image is built for, or what a workload runs on, in the words of the OCI image spec: `linux`, `arm64`. */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  /** `v7` of `linux/arm/v7`; null: any. */
  readonly variant: string | null;
}

/** `linux/arm64`, `linux/arm/v7`. */
export function formatPlatform({ os, architecture, variant }: Platform): string {
  return [os, architecture, ...(variant === null ? [] : [variant])].join('/');
}

/** Is `built` what `required` names? A variant counts where `required` has one. */
export function isPlatform(built: Platform, required: Platform): boolean {
  const { os, architecture, variant } = required;
  const isSame = built.os === os && built.architecture === architecture;
  return isSame && (variant === null || variant === built.variant);
}

/** @throws DeployError INPUT_INVALID */
export function parsePlatform(text: string): Platform {
  const [, os, architecture, variant = null] = /^([a-z0-9]+)\/([a-z0-9]+)(?:\/([a-z0-9.]+))?$/.exec(text) ?? [];
  if (os && architecture) return { os, architecture, variant };
  const meant = nearestPlatform(text);
  throw new DeployError('INPUT_INVALID', `could not read "${text.slice(0, 100)}": it is not a platform`, {
    hint: meant
      ? `Did you mean \`${meant}\`?`
      : 'Write os/architecture, such as linux/amd64, or os/architecture/variant, such as linux/arm/v7.',
  });
}

/** What `uname -m` and package managers call an architecture of the image spec. */
const ARCHITECTURES: Readonly<Record<string, string>> = {
  amd64: 'amd64',
  x86_64: 'amd64',
  x64: 'amd64',
  arm64: 'arm64',
  aarch64: 'arm64',
  armv7: 'arm/v7',
  armhf: 'arm/v7',
};

function nearestPlatform(text: string): string | null {
  const architecture = text.toLowerCase().replace(/^linux[/-]/, '');
  return Object.hasOwn(ARCHITECTURES, architecture) ? `linux/${ARCHITECTURES[architecture]}` : null;
}
