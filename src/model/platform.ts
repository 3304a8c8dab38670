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
  throw new DeployError('INPUT_INVALID', `could not read "${text.slice(0, 100)}": it is not a platform`, {
    hint: 'Write os/architecture, such as linux/amd64, or os/architecture/variant, such as linux/arm/v7.',
  });
}
