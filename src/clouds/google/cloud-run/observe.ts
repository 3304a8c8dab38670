import { readOptional } from '../../../io/read-optional.ts';
import type { DeployError } from '../../../model/errors.ts';
import type { JsonObject } from '../../../model/json.ts';
import type { Watch } from '../../../model/workload.ts';
import { type Reading, reuseWhileSame, type Source, watchSparsely } from '../../sparse-watch.ts';
import { decideObservation, isNearEnd, type RolloutFacts } from './decide-observation.ts';
import type { RunOperation } from './deploy.ts';
import { findRevisionFailure, findRevisionProgress, isReady } from './revision-state.ts';
import { type RunService, sayOnce } from './service.ts';
import {
  describeLatest,
  effectiveTraffic,
  formatShares,
  isNamed,
  progressOf,
  requestedTraffic,
} from './service-document.ts';
import { readService } from './service-wire.ts';
import { isAsRequested } from './traffic-table.ts';
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

/** null: Google's operation is in progress, went well or can't be read. */
type FindOperationError = () => Promise<string | null>;

/** One that has ended well is not read again; nor is one that may not be read: roles on the service alone don't allow it. */
function openOperationReader(run: RunService, { sent }: RunOperation): FindOperationError {
  let isOver = sent.operation === '';
  const tell = ({ message }: DeployError): void => {
    sayOnce(run, 'info', `${message}; going by the service’s and the revision’s conditions alone.`);
    isOver = true;
  };
  return async () => {
    if (isOver) return null;
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
  const revision = await findRevision(run, ours.revision);
  const progress = progressOf(service);
  const facts: RolloutFacts = {
    ours: ours.revision,
    goal,
    isStale: progress.generation < sent.generation,
    otherChange: describeOtherChange(service, operation),
    revision: revision && {
      ready: isReady(revision),
      failure: findRevisionFailure(revision),
      progress: findRevisionProgress(revision),
    },
    progress,
    operationError: await findOperationError(),
    effective: effectiveTraffic(service),
    expected: traffic.map((entry) => ({ ...entry, revision: entry.revision ?? ours.revision })),
  };
  return { observation: decideObservation(facts), nearEnd: isNearEnd(facts), usualMs };
}

function describeOtherChange(service: JsonObject, { ours, traffic }: RunOperation): string | null {
  const current = requestedTraffic(service);
  if (!isNamed(service, ours.revision)) return `${describeLatest(service)} was deployed after ours`;
  if (isAsRequested(traffic, current, ours)) return null;
  return `another user or deployment changed the traffic to ${formatShares(current)}`;
}
