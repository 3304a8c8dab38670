import * as z from 'zod';
import { DeployError } from '../../../model/errors.ts';
import type { RestorePoint } from '../../../model/restore-point.ts';
import type { RunService } from './service.ts';
import type { TrafficEntry } from './service-document.ts';

const labels = z.object({ 'managed-by': z.string().nullable(), 'commit-sha': z.string().nullable() });
const entry = z.object({ revision: z.string().nullable(), percent: z.number(), tag: z.string().nullable() });

const schema = z.object({
  /** Of the service at capture: every change makes it larger. */
  generation: z.number(),
  /** Hash of its template's content, and the revision name that the template had; null: none. */
  templateHash: z.string(),
  templateName: z.string().nullable(),
  /** The newest revision then: what is made of our template comes after it. */
  newest: z.string(),
  /** The revision whose template is restored, and whether the service's template was that revision's. */
  previous: z.string(),
  isTemplateRevision: z.boolean(),
  /** Images of its containers, in order, as the template names them; null: as the revision does. */
  images: z.array(z.string()).nullable(),
  /** How long it took from its creation until it was ready, in milliseconds; null: Google does not tell. */
  usualMs: z.number().nullable(),
  /** Traffic in the user's own form, and what served, by name. */
  requested: z.array(entry),
  serving: z.array(entry),
  /** As they were, and as our run sets them: another run that restores has a commit of its own. */
  labels,
  ownLabels: labels,
  /** What a rollback would pull, as those that serve name it; and which of them were deleted. */
  servingImages: z.array(z.string()),
  deleted: z.array(z.string()),
});

/** What `RestorePoint.data` holds for Cloud Run. */
export type RestoreData = Readonly<z.infer<typeof schema>>;

/** @throws DeployError JOURNAL_INVALID when it is of another service, or of another version of this code */
export function parseRestoreData(point: RestorePoint, run: RunService): RestoreData {
  if (point.resource !== run.resource) {
    throw new DeployError('JOURNAL_INVALID', `could not restore ${point.resource}: this is ${run.resource}`, {
      hint: 'Set the input `project`, so that a later step that changes the job’s project does not matter.',
    });
  }
  const { data } = schema.safeParse(point.data);
  if (data) return data;
  throw new DeployError('JOURNAL_INVALID', `could not restore ${point.resource}: the restore point is not complete`, {
    hint: 'Check what is live and correct it by hand: this run may have left an unfinished deployment.',
  });
}

/** For a command to run by hand: it is printed also where the rest can't be read. None: this can't be told from it. */
export function previousShares({ data: given, revision }: RestorePoint): readonly TrafficEntry[] {
  const { data } = schema.safeParse(given);
  if (data) return data.serving.filter(({ percent }) => percent > 0);
  // Where several served it is a text with all of them.
  return revision && /^[a-z0-9-]+$/.test(revision) ? [{ revision, percent: 100, tag: null }] : [];
}
