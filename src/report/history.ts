import type { Outcome, OutcomeKind, RunRecord } from '../model/outcome.ts';
import type { RunFacts } from './run-facts.ts';
import { ROLLBACK } from './traffic-spans.ts';

/** One deployment as a line of a history, for the metrics of DORA (https://dora.dev/guides/dora-metrics). Times are UTC. */
export interface HistoryEntry {
  readonly service: string | null;
  readonly environment: string | null;
  readonly commit: string | null;
  readonly outcome: OutcomeKind;
  /** The new revision is live: counts for the deployment frequency. */
  readonly isDeployment: boolean;
  /** A change reached the service and failed: counts for the change fail rate. Not one that was cancelled. */
  readonly isFailedChange: boolean;
  readonly startedAt: string;
  readonly finishedAt: string | null;
  /** From the commit until it was live; null: not live, or GitHub did not tell when it was committed. */
  readonly leadTimeMs: number | null;
  /** From the first request that changed the service until the previous revision was restored; null: it was not. */
  readonly recoveryMs: number | null;
}

const REACHED: readonly OutcomeKind[] = ['rolled-back', 'kept', 'rollback-unconfirmed', 'rollback-failed'];
const ROLL_OUT = 'Roll out';

interface Ended {
  readonly outcome: Outcome;
  readonly record: RunRecord;
  readonly run: RunFacts;
}

export function historyOf({ outcome, record, run }: Ended): HistoryEntry {
  const { startedAt, finishedAt } = record;
  const isDeployment = outcome.kind === 'deployed';
  const committedAt = run.committedAt === null ? null : Date.parse(run.committedAt);
  const leadTimeMs = isDeployment && committedAt !== null && finishedAt !== null ? finishedAt - committedAt : null;
  return {
    ...{ service: record.resource ?? run.requested.service, environment: run.environment, commit: run.commit },
    ...{ outcome: outcome.kind, isDeployment, isFailedChange: isFailedChange(outcome) },
    startedAt: new Date(startedAt).toISOString(),
    finishedAt: finishedAt === null ? null : new Date(finishedAt).toISOString(),
    // A clock that runs behind that of the commit is no lead.
    leadTimeMs: leadTimeMs === null ? null : Math.max(0, leadTimeMs),
    recoveryMs: recoveryOf(outcome, record),
  };
}

function isFailedChange({ kind, failure }: Outcome): boolean {
  return REACHED.includes(kind) && failure?.code !== 'CANCELLED';
}

function recoveryOf(outcome: Outcome, { phases }: RunRecord): number | null {
  const from = phases.find(({ name }) => name === ROLL_OUT)?.startedAt;
  const last = phases.findLast(({ name }) => name === ROLLBACK);
  if (outcome.kind !== 'rolled-back' || !isFailedChange(outcome) || from === undefined || !last) return null;
  return last.startedAt + last.durationMs - from;
}
