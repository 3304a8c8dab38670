import * as z from 'zod';
import { DeployError } from '../../../model/errors.ts';
import type { RestorePoint } from '../../../model/restore-point.ts';
import type { EcsService } from './service.ts';

const schema = z.object({
  /** ARN of the task definition to restore. */
  previous: z.string(),
  /** ARN of the one that the service named when it was captured: nearly always the same. */
  live: z.string(),
  /** Creation time of the newest service deployment then, AWS's clock, in milliseconds; 0: there was none. */
  newest: z.number(),
  /** How long the newest deployment took that succeeded, in milliseconds; null: AWS remembers none. */
  usualMs: z.number().nullable(),
  /** AWS remembers no deployment that succeeded, and what is live has not started yet: it never served. */
  neverServed: z.boolean().optional(),
  /** A deployment was in progress then, of another user. */
  wasInProgress: z.boolean().optional(),
});

/** What `RestorePoint.data` holds for ECS. */
export type EcsRestoreData = Readonly<z.infer<typeof schema>>;

/** @throws DeployError JOURNAL_INVALID when it is of another service, or of another version of this code. */
export function parseRestoreData(point: RestorePoint, ecs: EcsService): EcsRestoreData {
  // A later step may have changed AWS_REGION between the main and the post step.
  if (point.resource !== ecs.resource) {
    throw new DeployError('JOURNAL_INVALID', `could not restore ${point.resource}: this is ${ecs.resource}`, {
      hint: 'Set the input `region`, so that a later step that changes AWS_REGION does not matter.',
    });
  }
  const { data } = schema.safeParse(point.data);
  if (data) return data;
  throw new DeployError('JOURNAL_INVALID', `could not restore ${point.resource}: the restore point is not complete`, {
    hint: 'Check what is live and correct it by hand: this run may have left an unfinished deployment.',
  });
}

/** For a command to run by hand: it is printed also where the rest can't be read. */
export function previousTaskDefinition(point: RestorePoint): string {
  return schema.safeParse(point.data).data?.previous ?? point.revision ?? '';
}
