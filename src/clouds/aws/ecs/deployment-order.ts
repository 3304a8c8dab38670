import { leftNothing } from './service-deployment-status.ts';

/** One service deployment, as far as a rollback needs it. Times are AWS's, in milliseconds. */
export interface SeenDeployment {
  readonly createdAt: number;
  readonly status: string;
  /** AWS's words for the status: `: circuit breaker …`, or ''. */
  readonly reason: string;
  /** Short name of what it deploys: `agent:42`. */
  readonly revision: string;
  readonly taskDefinition: string;
}

interface Listed {
  /** Since the restore point was captured, newest first. */
  readonly deployments: readonly SeenDeployment[];
  /** ARNs: our change, and what to restore. */
  readonly mark: string;
  readonly previous: string;
}

/** The deployments around ours. By their order in the list, as two may be of the same millisecond. */
export interface SinceCapture {
  /** Of the previous revision, after ours; null: none. */
  readonly rollback: SeenDeployment | null;
  /**
   * Another one that counts: newer than ours and than the rollback, and not rolled back itself; null: none. With it, the
   * service may still name ours for some seconds.
   */
  readonly newer: SeenDeployment | null;
  /** Another one between ours and the rollback; null: none. */
  readonly overwritten: SeenDeployment | null;
  readonly olderThanOurs: readonly SeenDeployment[];
}

export function sinceCapture({ deployments, mark, previous }: Listed): SinceCapture {
  const isOther = ({ taskDefinition }: SeenDeployment) => taskDefinition !== mark && taskDefinition !== previous;
  const [after, olderThanOurs] = splitAt(deployments, mark);
  const [afterRollback, beforeRollback] = splitAt(after, previous);
  const newest = afterRollback.find(isOther);
  return {
    rollback: after[afterRollback.length] ?? null,
    newer: newest && !leftNothing(newest.status) ? newest : null,
    overwritten: beforeRollback.find(isOther) ?? null,
    olderThanOurs,
  };
}

/** Before and after the newest one of this task definition; all are before it where there is none. */
function splitAt(deployments: readonly SeenDeployment[], taskDefinition: string) {
  const position = deployments.findIndex((one) => one.taskDefinition === taskDefinition);
  const end = position < 0 ? deployments.length : position;
  return [deployments.slice(0, end), deployments.slice(end + 1)] as const;
}
