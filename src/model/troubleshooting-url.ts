import type { ErrorCode } from './errors.ts';

/**
 * The entry of this error in docs/troubleshooting.md, whose heading is the code: the address stays the same for as long as the
 * code does. `IMAGE_NOT_FOUND` -> `https://github.com/org/deploy-agent/blob/main/docs/troubleshooting.md#image_not_found`.
 */
export function troubleshootingUrl(code: ErrorCode): string {
  return `https://github.com/org/deploy-agent/blob/main/docs/troubleshooting.md#${code.toLowerCase()}`;
}
