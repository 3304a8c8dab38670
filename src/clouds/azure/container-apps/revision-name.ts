import { randomBytes } from 'node:crypto';

/**
 * With the suffix and the way back's, a name of 32 characters, the longest that an app can have, stays below the 54 that
 * Azure takes for a revision (Azure/azure-quickstart-templates#14660).
 */
const BACK = '-r';
const SUFFIX_LENGTH = 14;
const FOLLOWS = 'f';
const BY_NAME = 'd';

/**
 * A suffix that was never used: Azure silently does nothing for a template that has the suffix of another revision
 * (microsoft/azure-container-apps#650). The time keeps revisions in order, the random part keeps two runs apart. The
 * first letter says what form the traffic had: of a revision that was brought up and left without traffic, a later run
 * can't see it any more.
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
 * Of the revision that puts back what ran before ours: told from any other by the name alone, so that a process that
 * comes after a kill knows how far the way back is.
 */
export function nameOfWayBack(mark: string): string {
  return `${mark}${BACK}`;
}
