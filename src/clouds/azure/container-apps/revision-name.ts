import { randomBytes } from 'node:crypto';

/**
 * With this and our own suffix, an app's name of 32 characters, the longest, stays below the 54 that Azure accepts for a
 * revision (Azure/azure-quickstart-templates#14660).
 */
const RESTORE = '-r';
const SUFFIX_LENGTH = 14;
const FOLLOWS = 'f';
const BY_NAME = 'd';

/**
 * A suffix that was never used: Azure silently does nothing for a template that has the suffix of another revision
 * (microsoft/azure-container-apps#650). The time keeps revisions in order, the random part keeps two runs apart. The
 * first letter says what form the traffic had: a later run that gives traffic to the revision can't see it any more.
 */
export function makeSuffix(nowMs: number, { followed }: { readonly followed: boolean }): string {
  const time = Math.floor(nowMs / 1_000).toString(36);
  const random = BigInt(`0x${randomBytes(8).toString('hex')}`)
    .toString(36)
    .padStart(8, '0');
  return `${followed ? FOLLOWS : BY_NAME}${time}${random}`.slice(0, SUFFIX_LENGTH);
}

/** Did the traffic follow the latest revision when this one was made? false for one that isn't ours. */
export function followedWhenMade(revision: string): boolean {
  return new RegExp(`^${FOLLOWS}[0-9a-z]{${SUFFIX_LENGTH - 1}}$`).test(suffixOf(revision));
}

export function formatRevision(app: string, suffix: string): string {
  return `${app}--${suffix}`;
}

/** `agent--d1` -> `d1`. */
export function suffixOf(revision: string): string {
  return revision.slice(revision.indexOf('--') + 2);
}

/**
 * The name of the revision that restores the template from before ours. It is recognized by the name alone, so that a
 * process that starts after a kill knows how far the rollback is.
 */
export function restoreRevisionName(mark: string): string {
  return `${mark}${RESTORE}`;
}
