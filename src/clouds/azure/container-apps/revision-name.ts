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

/** What the name of a revision of ours says of it. */
export interface OurRevision {
  /** The traffic followed the latest revision when it was made. */
  readonly followed: boolean;
  /** In seconds. */
  readonly madeAt: number;
}

/**
 * null: it isn't ours. A user's own suffix may have the same form (`deploy20261128`), but hardly one that is also a time
 * at which this action could have run.
 */
export function findOurRevision(revision: string, nowMs: number): OurRevision | null {
  const [, form, time] = OUR_SUFFIX.exec(suffixOf(revision)) ?? [];
  if (form === undefined || time === undefined) return null;
  const madeAt = Number.parseInt(time, 36);
  const isTime = madeAt >= FIRST_RUN && madeAt <= nowMs / 1_000 + DAY;
  return isTime ? { followed: form === FOLLOWS, madeAt } : null;
}

const OUR_SUFFIX = new RegExp(`^([${FOLLOWS}${BY_NAME}])([0-9a-z]{6})[0-9a-z]{${SUFFIX_LENGTH - 7}}(?:${RESTORE})?$`);
const FIRST_RUN = Date.UTC(2026, 0, 1) / 1_000;
const DAY = 86_400;

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
