import { randomBytes } from 'node:crypto';

/** Azure takes no longer name of a revision: app, two dashes and suffix (Azure/azure-quickstart-templates#14660). */
const LONGEST = 54;
const BACK = '-r';
const LONGEST_SUFFIX = 14;

/**
 * A suffix that was never used: Azure silently does nothing for a template that has the suffix of another revision
 * (microsoft/azure-container-apps#650). The time keeps revisions in order, the random part keeps two runs apart.
 */
export function makeSuffix(app: string, nowMs: number): string {
  const room = LONGEST - `${app}--${BACK}`.length;
  const time = Math.floor(nowMs / 1_000).toString(36);
  const random = BigInt(`0x${randomBytes(8).toString('hex')}`)
    .toString(36)
    .padStart(8, '0');
  return `d${time}${random}`.slice(0, Math.min(room, LONGEST_SUFFIX));
}

export function formatRevision(app: string, suffix: string): string {
  return `${app}--${suffix}`;
}

/** `agent--d1` -> `d1`. */
export function suffixOf(revision: string): string {
  return revision.slice(revision.indexOf('--') + 2);
}

/**
 * Of the revision that puts back what ran before ours: told from any other by the name alone, so that a process that
 * comes after a kill knows how far the way back is.
 */
export function nameOfWayBack(mark: string): string {
  return `${mark}${BACK}`;
}
