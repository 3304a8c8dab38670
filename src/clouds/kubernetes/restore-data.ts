import * as z from 'zod';
import { DeployError } from '../../model/errors.ts';
import type { RestorePoint } from '../../model/restore-point.ts';
import type { ClusterWorkload } from './cluster-workload.ts';

const schema = z.object({
  /** Of the object: one that was deleted and created again has another. */
  uid: z.string().min(1),
  /** Of the object at capture: a change of a Deployment makes it larger, one of its annotations too. */
  generation: z.number(),
  /** Hash of the template that the object had at capture. */
  liveHash: z.string(),
  /** The ReplicaSet or ControllerRevision whose template is restored: what served. */
  previous: z.object({ name: z.string().min(1), uid: z.string(), hash: z.string(), revision: z.string() }),
  /** Annotations that a rollout of ours sets, as they were; null: there was none. No `cause`: it stays as it is. */
  change: z.string().nullable(),
  cause: z.string().nullable().optional(),
  /** `revisionHistoryLimit`, and what it is raised to while a rollback may need it; null: it stays. */
  historyLimit: z.number(),
  raisedLimit: z.number().nullable(),
  /** What a rollback would pull: images of its containers, init containers too, as the template names them. */
  images: z.array(z.object({ name: z.string(), image: z.string() })),
  /** What its pods really ran, by digest. */
  imageIds: z.array(z.string()),
  /** How many of its pods were available, where that was not all; null: all. */
  available: z.number().nullable(),
  /** Of a rollout that splits traffic; checked by it. */
  split: z.unknown().optional(),
});

/** What `RestorePoint.data` holds for Kubernetes: references only. */
export type RestoreData = Readonly<z.infer<typeof schema>>;

/** @throws DeployError JOURNAL_INVALID when it is of another workload, or of another version of this code */
export function parseRestoreData(point: RestorePoint, run: Pick<ClusterWorkload, 'resource'>): RestoreData {
  if (point.resource !== run.resource) {
    throw new DeployError('JOURNAL_INVALID', `could not restore ${point.resource}: this is ${run.resource}`, {
      hint: 'Keep the kubeconfig and its current context as they are until the job has ended, or name the cluster by inputs.',
    });
  }
  const { data } = schema.safeParse(point.data);
  if (data) return data;
  throw new DeployError('JOURNAL_INVALID', `could not restore ${point.resource}: the restore point is not complete`, {
    hint: 'Check what is live and correct it by hand: this run may have left an unfinished deployment.',
  });
}

/** For a command to run by hand: it is printed also where the rest can't be read. '': it can't be told from it. */
export function previousRevision({ data: given }: RestorePoint): string {
  return schema.safeParse(given).data?.previous.revision ?? '';
}
