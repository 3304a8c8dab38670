import { readOptional } from '../../../io/read-optional.ts';
import type { DeployError } from '../../../model/errors.ts';
import type { JsonObject } from '../../../model/json.ts';
import { describeHolder } from '../../../model/rollout-marker.ts';
import type { Observation, Watch } from '../../../model/workload.ts';
import { type Reading, reuseWhileSame, type Source, watchSparsely } from '../../sparse-watch.ts';
import { decideObservation, isNearEnd, type RolloutFacts } from './decide-observation.ts';
import type { RunOperation } from './deploy.ts';
import { isBesidePreview } from './others-preview.ts';
import { hasOurTemplate } from './our-change.ts';
import { findRevisionFailure, findRevisionProgress, findUnchecked, isReady } from './revision-state.ts';
import { findSuccessor, holderOf, readMarker, type ServiceMarker } from './rollout-annotation.ts';
import { type RunService, sayOnce } from './service.ts';
import { describeLatest, effectiveTraffic, formatShares, progressOf, requestedTraffic } from './service-document.ts';
import { readService } from './service-wire.ts';
import { isAsRequested, isSameShares } from './traffic-table.ts';
import { findRevision, getOperationEnd } from './typed-calls.ts';

/**
 * Watches our change by the service alone, in one call, while that is shown as it was: a revision that becomes ready or
 * fails changes it.
 */
export function watchRollout(run: RunService, operation: RunOperation): Watch {
  const findOperationError = openOperationReader(run, operation);
  const source: Source<JsonObject> = {
    poll: () => readService(run),
    readAll: (service) => readAll(run, service, { operation, findOperationError }),
    reuse: reuseWhileSame,
  };
  return watchSparsely(source, run.io.clock);
}

/**
 * null: Google's operation is in progress, went well or can't be read. `generation`: of the service now. Where a later
 * change was requested, also a renewal of our marker, the operation may end for that.
 */
type FindOperationError = (generation: number) => Promise<string | null>;

/** One that has ended well is not read again; nor is one that may not be read: roles on the service alone don't allow it. */
function openOperationReader(run: RunService, { sent }: RunOperation): FindOperationError {
  let isOver = sent.operation === '';
  const tell = ({ message }: DeployError): void => {
    sayOnce(run, 'info', `${message}; going by the service’s and the revision’s conditions alone.`);
    isOver = true;
  };
  return async (generation) => {
    if (isOver || generation > sent.generation) return null;
    const read = () => getOperationEnd(run, sent.operation);
    const end = await readOptional(read, { without: ['PERMISSION_DENIED'], tell });
    if (end !== null) isOver = end.error === null;
    return end?.error ?? null;
  };
}

async function readAll(
  run: RunService,
  service: JsonObject,
  {
    operation,
    findOperationError,
  }: { readonly operation: RunOperation; readonly findOperationError: FindOperationError },
): Promise<Reading> {
  const { ours, goal, traffic, sent, usualMs } = operation;
  const successor = goal.kind === 'finished' ? findSuccessor(service, ours.revision) : null;
  if (successor) return { observation: describeSuccessor(ours.revision, successor), nearEnd: true, usualMs };
  const revision = await findRevision(run, ours.revision);
  const progress = progressOf(service);
  const effective = effectiveTraffic(service);
  const expected = traffic.map((entry) => ({ ...entry, revision: entry.revision ?? ours.revision }));
  // What the service and our operation say of its newest revision is about the preview then.
  const isBeside = revision !== null && isBesidePreview(service, operation) && isSameShares(effective, expected);
  const facts: RolloutFacts = {
    ours: ours.revision,
    goal,
    isStale: progress.generation < sent.generation,
    otherChange: describeOtherChange(service, operation, revision !== null),
    revision: revision && {
      ready: isReady(revision),
      failure: findRevisionFailure(revision),
      progress: findRevisionProgress(revision),
      unchecked: findUnchecked(service, revision),
    },
    progress: isBeside ? { ...progress, reconciling: false, state: 'CONDITION_SUCCEEDED' } : progress,
    operationError: isBeside ? null : await findOperationError(progress.generation),
    ...{ effective, expected },
  };
  return { observation: decideObservation(facts), nearEnd: isNearEnd(facts), usualMs };
}

function describeSuccessor(revision: string, marker: ServiceMarker): Observation {
  const message = `${revision} served alone, and is what another run starts from: ${describeHolder(marker)}`;
  return { status: 'succeeded', reason: 'DONE', message };
}

function describeOtherChange(service: JsonObject, operation: RunOperation, exists: boolean): string | null {
  const { ours, traffic, run } = operation;
  const current = requestedTraffic(service);
  const marker = readMarker(service);
  if (marker && holderOf(service, run) === 'other') return describeHolder(marker);
  if (!hasOurTemplate(service, ours)) {
    // A template that is replaced at once may never be made a revision of.
    const goesOn = isBesidePreview(service, operation) && (exists || progressOf(service).reconciling);
    return goesOn ? null : `${describeLatest(service)} was deployed after ours`;
  }
  if (isAsRequested(traffic, current, ours)) return null;
  return `another user or deployment changed the traffic to ${formatShares(current)}`;
}
