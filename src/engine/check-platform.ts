import type { Log } from '../io/log.ts';
import { DeployError } from '../model/errors.ts';
import { formatImage } from '../model/image.ts';
import { formatPlatform, isPlatform, type Platform } from '../model/platform.ts';
import { joinSentences } from '../model/sentences.ts';
import type { RegistryClient } from '../registry/client.ts';
import { readPlatforms } from '../registry/image-platforms.ts';
import type { ResolvedImage } from './resolve-images.ts';

/**
 * Refuses images that the workload can't run, while nothing is copied: in production they would be an `exec format
 * error`. What can't be read is a warning, not a refusal.
 * @throws DeployError UNSUPPORTED; IMAGE_NOT_FOUND or IMAGE_INVALID for an image that is damaged
 */
export async function ensurePlatform(
  images: readonly ResolvedImage[],
  runsOn: { readonly platform: Platform | null; readonly resource: string },
  { registry, log }: { readonly registry: RegistryClient; readonly log: Log },
): Promise<void> {
  const required = runsOn.platform;
  if (required === null) return;
  for (const resolved of new Map(images.map((one) => [formatImage(one.image), one])).values()) {
    const built = await tryReadPlatforms(resolved, registry, log);
    if (built && !built.some((platform) => isPlatform(platform, required))) {
      throw unfit(resolved, built, { required, resource: runsOn.resource });
    }
  }
}

// Who may deploy an image may not be allowed to read it, and a runner may not reach the storage that holds it.
const MAY_BE = ['PERMISSION_DENIED', 'AUTH_FAILED', 'NETWORK'];

async function tryReadPlatforms(
  { image, copy }: ResolvedImage,
  registry: RegistryClient,
  log: Log,
): Promise<readonly Platform[] | null> {
  try {
    return await readPlatforms(registry, copy?.source ?? image, copy?.part?.top);
  } catch (error) {
    if (!(error instanceof DeployError) || !MAY_BE.includes(error.code)) throw error;
    log.warning(joinSentences(error.message, 'Continuing without knowing which platform the image is built for'));
    return null;
  }
}

function unfit(
  { image, copy }: ResolvedImage,
  built: readonly Platform[],
  { required, resource }: { readonly required: Platform; readonly resource: string },
): DeployError {
  const platform = formatPlatform(required);
  const found = built.length === 0 ? 'no platform' : built.map(formatPlatform).join(', ');
  const is = copy?.part ? 'what `platforms` selects is built for' : 'it is built for';
  const message = `could not deploy ${formatImage(copy?.source ?? image)}: ${is} ${found}, and ${resource} runs ${platform}`;
  const hint = copy?.part
    ? `Add ${platform} to the input \`platforms\`.`
    : `Build it for ${platform} (docker buildx build --platform ${platform}), or change what the service runs on.`;
  return new DeployError('UNSUPPORTED', message, { hint });
}
