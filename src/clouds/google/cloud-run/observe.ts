import { readOptional } from '../../../io/read-optional.ts';
import type { DeployError } from '../../../model/errors.ts';
import { type JsonObject, textAt } from '../../../model/json.ts';
import type { Observation, Operation } from '../../../model/workload.ts';
import type { WholeLooks } from '../../whole-looks.ts';
import { judgeRollout } from './decide-observation.ts';
import { findRevisionFailure, findRevisionProgress, isReady } from './revision-state.ts';
import { type RunService, sayOnce } from './service.ts';
import {
  effectiveTraffic,
  formatShares,
  progressOf,
  type TrafficEntry,
  templateOf,
  wantedTraffic,
} from './service-document.ts';
import { readService, type SentUpdate } from './service-wire.ts';
import { isAsAsked, type Ours } from './traffic-table.ts';
import { findRevision, getOperationEnd } from './typed-calls.ts';

/** What was asked for last, and what Google made of it. */
export interface Asked {
  readonly ours: Ours;
  readonly traffic: readonly TrafficEntry[];
  readonly sent: SentUpdate;
  /** The operation is over, and went well: it need not be asked for again. */
  isOver: boolean;
}

/** The service alone, in one call, while it is shown as it was: a revision that becomes ready or fails changes it. */
export async function observeRollout(
  run: RunService,
  operation: Operation,
  { asked, looks }: { readonly asked: Asked; readonly looks: WholeLooks },
): Promise<Observation> {
  const service = await readService(run);
  return (
    looks.still(operation, service) ?? looks.note(operation, service, await judge(run, operation, { asked, service }))
  );
}

async function judge(
  run: RunService,
  { goal }: Operation,
  { asked, service }: { readonly asked: Asked; readonly service: JsonObject },
): Promise<Observation> {
  const { ours, sent } = asked;
  const revision = await findRevision(run, ours.revision);
  const operationError = await findOperationError(run, asked);
  const expected = asked.traffic.map((entry) => ({ ...entry, revision: entry.revision ?? ours.revision }));
  return judgeRollout({
    ours: ours.revision,
    goal,
    isStale: progressOf(service).generation < sent.generation,
    theirs: describeTheirs(service, asked),
    revision: revision && {
      ready: isReady(revision),
      failure: findRevisionFailure(revision),
      progress: findRevisionProgress(revision),
    },
    progress: progressOf(service),
    operationError,
    effective: effectiveTraffic(service),
    expected,
  });
}

/** null: it goes on, or went well; or it may not be asked for: roles on the service alone don't have that. */
async function findOperationError(run: RunService, asked: Asked): Promise<string | null> {
  const { operation } = asked.sent;
  if (operation === '' || asked.isOver) return null;
  const tell = ({ message }: DeployError): void => {
    sayOnce(run, 'info', `${message}; going by the service’s and the revision’s conditions alone.`);
    asked.isOver = true;
  };
  const end = await readOptional(() => getOperationEnd(run, operation), { without: ['PERMISSION_DENIED'], tell });
  if (end !== null) asked.isOver = end.error === null;
  return end?.error ?? null;
}

function describeTheirs(service: JsonObject, { ours, traffic }: Asked): string | null {
  const current = wantedTraffic(service);
  if (!isNamed(service, ours.revision)) return `${describeLatest(service)} was deployed after ours`;
  if (isAsAsked(traffic, current, ours)) return null;
  return `somebody else changed the traffic to ${formatShares(current)}`;
}

/** By name only: a template of somebody else's without one is, for a second, shown beside ours as the latest revision. */
export function isNamed(service: JsonObject, revision: string): boolean {
  return textAt(templateOf(service), 'revision') === revision;
}

export function describeLatest(service: JsonObject): string {
  return textAt(templateOf(service), 'revision') || 'another revision';
}
