import type { Share } from '../../../model/traffic.ts';
import type { FailureKind, Goal, Observation } from '../../../model/workload.ts';
import type { TimeSigns } from '../../pace.ts';
import { firstLine, type RevisionTrouble } from './revision-state.ts';
import { formatShares, type Progress, type TrafficEntry } from './service-document.ts';
import { isSameShares } from './traffic-table.ts';

/** What one full read of our change found. */
export interface RolloutFacts {
  /** Name of our revision. */
  readonly ours: string;
  readonly goal: Goal;
  /** The service as it is shown is older than our last request. */
  readonly isStale: boolean;
  /** What another user or deployment changed since; null: nothing. */
  readonly otherChange: string | null;
  /** null: it does not exist yet. */
  readonly revision: {
    readonly ready: boolean;
    readonly failure: RevisionTrouble | null;
    readonly progress: RevisionTrouble | null;
    /** Why Google says that it is ready although nothing of it was started; null: its health was checked. */
    readonly unchecked: string | null;
  } | null;
  readonly progress: Progress;
  /** How our operation ended, if it went wrong. */
  readonly operationError: string | null;
  /** Traffic in effect, and as it has to be. By name. */
  readonly effective: readonly TrafficEntry[];
  readonly expected: readonly TrafficEntry[];
}

/** Pure: is it done, superseded or failed? https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.services#Service */
export function decideObservation(facts: RolloutFacts): Observation {
  const { ours, progress, revision } = facts;
  if (facts.isStale) return waiting('STALE', 'update accepted; the service does not show it yet');
  if (facts.otherChange !== null) return failed('SUPERSEDED', facts.otherChange, 'SUPERSEDED');
  if (revision?.failure) return failed(revision.failure.reason, `${ours} is not ready${words(revision.failure)}`);
  if (facts.operationError !== null) return failed('OPERATION_FAILED', firstLine(facts.operationError));
  if (progress.reconciling) return { ...waiting('RECONCILING', describeWaiting(facts)), ...shareOf(facts) };
  if (progress.state === 'CONDITION_FAILED') {
    return failed(progress.reason, `the service could not be changed${words(progress)}`);
  }
  if (!revision?.ready) return waiting('NOT_READY', describeWaiting(facts));
  if (!isSameShares(facts.effective, facts.expected)) {
    return { ...waiting('MOVING_TRAFFIC', describeTraffic(facts)), ...shareOf(facts) };
  }
  const unproven = revision.unchecked === null ? {} : { unproven: `${ours}: ${revision.unchecked}` };
  return { status: 'succeeded', reason: 'DONE', message: describeTraffic(facts), ...shareOf(facts), ...unproven };
}

/** Is only the end missing? While the revision starts, nothing shows how long that takes. */
export function isNearEnd({ isStale, revision }: RolloutFacts): TimeSigns['nearEnd'] {
  return !isStale && revision?.ready ? true : null;
}

/** In force, for an operation that moves traffic. While the latest revision is not known by name, its share is not either. */
function shareOf({ ours, goal, effective }: RolloutFacts): { readonly share?: Share } {
  const serving = effective.filter(({ percent }) => percent > 0);
  if (goal.kind !== 'weight' || serving.some(({ revision }) => revision === null)) return {};
  const own = serving.filter(({ revision }) => revision === ours);
  return { share: { percent: own.reduce((sum, { percent }) => sum + percent, 0), why: null } };
}

function describeWaiting({ ours, revision, effective, goal }: RolloutFacts): string {
  const traffic = `traffic: ${formatShares(effective)}`;
  if (goal.kind !== 'up') return `in progress: updating traffic; ${traffic}`;
  if (!revision) return `${ours} is being created; ${traffic}`;
  if (revision.ready) return `${ours} is ready; ${traffic}`;
  return `${ours} is starting${revision.progress ? words(revision.progress) : ''}; ${traffic}`;
}

function describeTraffic({ ours, effective }: RolloutFacts): string {
  const serves = effective.some((entry) => entry.revision === ours && entry.percent > 0);
  return `traffic: ${formatShares(effective)}${serves ? '' : `; ${ours} is ready and gets no traffic`}`;
}

function words({ reason, message }: { readonly reason: string; readonly message: string }): string {
  const text = [reason, firstLine(message)].filter((part) => part !== '').join(': ');
  return text === '' ? '' : ` (${text})`;
}

function waiting(reason: string, message: string) {
  return { status: 'progressing', reason, message } as const;
}

function failed(reason: string, message: string, as: FailureKind = 'DEPLOY_FAILED'): Observation {
  return { status: 'failed', as, reason: reason || as, message };
}
