import type { Goal, Observation } from '../../../model/workload.ts';
import { firstLine } from './first-line.ts';
import type { RevisionTrouble } from './revision-state.ts';
import { formatShares, type Progress, type TrafficEntry } from './service-document.ts';
import { isSameShares } from './traffic-table.ts';

/** What one look at our change found. */
export interface RolloutFacts {
  /** Name of our revision. */
  readonly ours: string;
  readonly goal: Goal;
  /** The service as it is shown is older than our last request. */
  readonly isStale: boolean;
  /** What somebody else did since; null: nothing. */
  readonly theirs: string | null;
  /** null: it is not there yet. */
  readonly revision: {
    readonly ready: boolean;
    readonly failure: RevisionTrouble | null;
    readonly progress: RevisionTrouble | null;
  } | null;
  readonly progress: Progress;
  /** How our operation ended, if it went wrong. */
  readonly operationError: string | null;
  /** Traffic in effect, and as it has to be. By name. */
  readonly effective: readonly TrafficEntry[];
  readonly expected: readonly TrafficEntry[];
}

/** Pure: is it done, overtaken or hopeless? https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.services#Service */
export function judgeRollout(facts: RolloutFacts): Observation {
  const { ours, progress, revision } = facts;
  if (facts.isStale) return waiting('STALE', 'our change was taken; the service does not show it yet');
  if (facts.theirs !== null) return { status: 'failed', reason: 'SUPERSEDED', message: facts.theirs };
  if (revision?.failure) return failed(revision.failure.reason, `${ours} is not ready${words(revision.failure)}`);
  if (facts.operationError !== null) return failed('OPERATION_FAILED', firstLine(facts.operationError));
  if (progress.reconciling) {
    return { ...waiting('RECONCILING', describeWaiting(facts)), ...(revision?.ready ? { nearEnd: true } : {}) };
  }
  if (progress.state === 'CONDITION_FAILED') {
    return failed(progress.reason, `the service could not be changed${words(progress)}`);
  }
  if (!revision?.ready) return waiting('NOT_READY', describeWaiting(facts));
  if (!isSameShares(facts.effective, facts.expected))
    return { ...waiting('TRAFFIC_MOVES', describeTraffic(facts)), nearEnd: true };
  return { status: 'succeeded', reason: 'DONE', message: describeTraffic(facts) };
}

function describeWaiting({ ours, revision, effective, goal }: RolloutFacts): string {
  const traffic = `traffic: ${formatShares(effective)}`;
  if (goal.kind !== 'up') return `${traffic}; on its way`;
  if (!revision) return `${ours} is being made; ${traffic}`;
  if (revision.ready) return `${ours} is ready; ${traffic}`;
  return `${ours} is starting${revision.progress ? words(revision.progress) : ''}; ${traffic}`;
}

function describeTraffic({ ours, effective }: RolloutFacts): string {
  const serves = effective.some((entry) => entry.revision === ours && entry.percent > 0);
  return `traffic: ${formatShares(effective)}${serves ? '' : `; ${ours} is ready and gets none`}`;
}

function words({ reason, message }: { readonly reason: string; readonly message: string }): string {
  const text = [reason, firstLine(message)].filter((part) => part !== '').join(': ');
  return text === '' ? '' : ` (${text})`;
}

function waiting(reason: string, message: string): Observation {
  return { status: 'progressing', reason, message };
}

function failed(reason: string, message: string): Observation {
  return { status: 'failed', reason: reason || 'DEPLOY_FAILED', message };
}
