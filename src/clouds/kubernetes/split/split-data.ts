import * as z from 'zod';
import { DeployError } from '../../../model/errors.ts';
import type { RestorePoint } from '../../../model/restore-point.ts';
import { ownershipSchema } from '../managed-fields.ts';
import { findRouteKind } from './route-kind.ts';
import type { RouteSplit } from './route-weights.ts';
import type { SplitWorkload } from './split-workload.ts';

const taken = ownershipSchema.shape.taken;
const schema = z.object({
  /** That select the pods of the Deployment. `taken`: whose its selector is, among field managers. */
  services: z.array(z.object({ name: z.string().min(1), taken })),
  route: z
    .object({
      kind: z.string(),
      name: z.string().min(1),
      /** The Service whose share is split. */
      stable: z.string().min(1),
      saved: z.array(z.object({ rule: z.number(), weights: z.array(z.number().nullable()) })),
      taken,
    })
    .nullable(),
  overlapMs: z.number(),
  /** An earlier run has left a copy, which is replaced. */
  hadPreview: z.boolean(),
});

/** `RestorePoint.data.split`: what a rollout that splits the traffic changes beside the Deployment. */
export type SplitData = Readonly<z.infer<typeof schema>>;

/** null: this Deployment's traffic could not be split when the point was captured. @throws DeployError JOURNAL_INVALID */
export function parseSplitData({ data: { split }, resource }: RestorePoint): SplitData | null {
  if (split === undefined || split === null) return null;
  const { data } = schema.safeParse(split);
  if (data && (data.route === null || findRouteKind(data.route.kind) !== null)) return data;
  throw new DeployError('JOURNAL_INVALID', `could not restore ${resource}: the restore point is not complete`, {
    hint: 'Check what is live and correct it by hand: this run may have left an unfinished deployment.',
  });
}

/** How the route's weights are changed; null: there is none. */
export function routeSplitOf({ run, copy }: SplitWorkload, { route }: SplitData): RouteSplit | null {
  const kind = route && findRouteKind(route.kind);
  if (!kind) return null;
  return { kind, namespace: run.namespace, stable: route.stable, copy: copy.name, saved: route.saved };
}
