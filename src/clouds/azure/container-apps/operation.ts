import type { RestorePoint, RunIdentity } from '../../../model/restore-point.ts';
import type { Operation } from '../../../model/workload.ts';
import type { ContainerApp } from './app.ts';
import { parseRestoreData, type RestoreData } from './restore-data.ts';

/** `id` and `revision`: the revision's name, which is the mark too. */
export interface RevisionOperation extends Operation {
  /** What was there when the restore point was captured. */
  readonly previous: RestoreData;
  /** Absent: no marker is written. */
  readonly run: RunIdentity | undefined;
  /** Where Azure shows the progress of the last request that it accepted; null: it accepted none, or named no address. */
  readonly statusUrl: string | null;
}

/** Which revision is ours, what was there before it, and which run makes it. */
export type OurRevision = Pick<RevisionOperation, 'mark' | 'previous' | 'run'>;

export function toOurRevision(app: ContainerApp, point: RestorePoint, mark: string): OurRevision {
  return { mark, previous: parseRestoreData(point, app), run: point.run };
}

/** With the goal that it is up. */
export function toOperation({ mark, previous, run }: OurRevision, statusUrl: string | null): RevisionOperation {
  return { id: mark, mark, goal: { kind: 'up' }, revision: mark, previous, run, statusUrl };
}

/** The revision existed before: none of it is sent. */
export function isResumed({ mark, previous }: Pick<OurRevision, 'mark' | 'previous'>): boolean {
  return previous.latest === mark;
}
