import * as z from 'zod';
import { DeployError } from '../../../model/errors.ts';
import type { RestorePoint } from '../../../model/restore-point.ts';
import type { ContainerApp } from './app.ts';
import { findOurRevision } from './revision-name.ts';
import { followsLatest, leadingRevisions, servingRevisions, shareOf, type TrafficEntry } from './traffic-table.ts';

const trafficEntry = z
  .object({ revision: z.string().nullable(), weight: z.number(), label: z.string().nullable() })
  .readonly();

const schema = z.object({
  mode: z.enum(['single', 'multiple']),
  /** The latest revision then. */
  latest: z.string(),
  /** The latest that was ready then: what traffic for "the latest" went to. */
  ready: z.string(),
  /** The revision whose images and variables are restored. It can't change, so they are read from it when needed. */
  templateRevision: z.string(),
  /** Of the template that is restored. */
  hash: z.string(),
  /** Of the template of `templateRevision`, which is restored whole where our change was merged into what served. */
  templateRevisionHash: z.string(),
  /** null: the app has no ingress, or the platform alone moves traffic (Single mode). */
  traffic: z.array(trafficEntry).readonly().nullable(),
  /** The revision of ours that has pinned the traffic, where another user's is newer; absent: there is none. */
  pinnedBy: z.string().optional(),
  /** What a rollback would need, as far as capturing showed it. It is no part of a marker, which has little room. */
  target: z
    .object({
      /** Of the containers of `templateRevision`. */
      images: z.array(z.string()).readonly(),
      /** Which can't be brought back as it was: they are in none of the app's secrets. */
      missingSecrets: z.array(z.string()).readonly(),
      /** How many inactive revisions the app keeps; null: as many as Azure does by itself. */
      maxInactive: z.number().nullable(),
      /** Of the revisions that it names, those that are gone or never were ready, in words. */
      problems: z.array(z.string()).readonly(),
    })
    .optional(),
});

/** What `RestorePoint.data` holds for Container Apps. */
export type RestoreData = Readonly<z.infer<typeof schema>>;

/** @throws DeployError JOURNAL_INVALID when it is of another app, or of another version of this code. */
export function parseRestoreData(point: RestorePoint, app: Pick<ContainerApp, 'resource'>): RestoreData {
  if (point.resource !== app.resource) {
    throw new DeployError('JOURNAL_INVALID', `could not restore ${point.resource}: this is ${app.resource}`, {
      hint: 'Run the job again with the inputs that it had.',
    });
  }
  const { data } = schema.safeParse(point.data);
  if (data) return data;
  throw new DeployError('JOURNAL_INVALID', `could not restore ${point.resource}: the restore point is not complete`, {
    hint: 'Check what is live and correct it by hand: this run may have left an unfinished deployment.',
  });
}

/** For a command to run by hand: it is printed also where the rest can't be read. null: this can't be either. */
export function readRestoreData(point: RestorePoint): RestoreData | null {
  return schema.safeParse(point.data).data ?? null;
}

/** As a marker holds it. */
export function withoutTarget(data: RestorePoint['data']): RestorePoint['data'] {
  const { target: _, ...rest } = data;
  return rest;
}

/** None: we do not move traffic. */
export function previousTraffic({ traffic }: RestoreData): readonly TrafficEntry[] {
  return traffic ?? [];
}

/** What served then; without ingress, what ran. */
export function previouslyServing({ traffic, ready }: RestoreData): readonly string[] {
  return traffic === null ? [ready] : servingRevisions(traffic, ready);
}

/** What served then, alone or more than the others. */
export function leadingBefore({ traffic, ready }: RestoreData): string {
  return traffic === null ? ready : (leadingRevisions(traffic, ready)[0] ?? ready);
}

/**
 * Will the user's traffic follow the latest revision at the end of a rollout? A revision of ours may have it pinned:
 * that it followed the latest before is in that revision's name.
 */
export function followsWhenDone(
  { latest, ready, traffic, pinnedBy = latest }: Pick<RestoreData, 'latest' | 'ready' | 'traffic' | 'pinnedBy'>,
  nowMs: number,
): boolean {
  if (traffic === null || followsLatest(traffic)) return true;
  return findOurRevision(pinnedBy, nowMs)?.followed === true && shareOf(traffic, pinnedBy, ready) === 0;
}
