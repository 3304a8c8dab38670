import { DeployError, isTransient } from '../../../model/errors.ts';
import type { ChangeMark, RestorePoint, RunIdentity } from '../../../model/restore-point.ts';
import type { Change, Operation, Prepared, RolloutPlan } from '../../../model/workload.ts';
import { changeService } from './change-service.ts';
import { type DeployRequest, type DeployStep, decideDeploy } from './decide-deploy.ts';
import type { OurChange } from './our-change.ts';
import { type RevisionTemplate, templateFor } from './plan.ts';
import { parseRestoreData, type RestoreData } from './restore-data.ts';
import { deedsOf, type RunService } from './service.ts';
import type { TrafficEntry } from './service-document.ts';
import type { SentUpdate } from './service-wire.ts';

/** `id`: name of Google's own operation; where that is not known, our revision's. */
export interface RunOperation extends Operation {
  readonly ours: OurChange;
  /** The traffic that was requested last. */
  readonly traffic: readonly TrafficEntry[];
  /** What Google accepted last; without an `operation`: nothing was sent, or the answer was lost. */
  readonly sent: SentUpdate;
  /** How long the previous revision took to start; null: Google does not tell, or no revision has to start. */
  readonly usualMs: number | null;
  /** Another user's preview, which is newer than our revision, when this was requested. */
  readonly beside?: string | undefined;
  /** Whose marker the service has meanwhile, and until when it was written last, in milliseconds since 1970. */
  readonly run?: RunIdentity | undefined;
  readonly markedUntil: number;
}

/** Edits the template. Nothing is made: the one call that makes the revision is the one that is journaled. */
export async function prepareChange(run: RunService, change: Change): Promise<Prepared> {
  const revision = await templateFor(run, change);
  const accepted = { generation: 0, idleSince: null };
  return { mark: revision.mark, send: (point, plan) => send(run, revision, { point, plan, accepted }) };
}

/**
 * `accepted`: generation of the service after our last request; 0: none was answered. Since when Google does nothing for it, in
 * milliseconds since 1970; null: it does.
 */
interface Sending {
  readonly point: RestorePoint;
  readonly plan: RolloutPlan;
  readonly accepted: { generation: number; idleSince: number | null };
}

/** Google may need a moment before it shows that it works. */
const LONGEST_IDLE_MS = 60_000;

/** One request where the name of the revision is known; else two, as traffic is given to a name. null: it isn't known yet. */
async function send(
  run: RunService,
  { mark, template }: RevisionTemplate,
  { point, plan, accepted }: Sending,
): Promise<RunOperation | null> {
  const data = parseRestoreData(point, run);
  const request: DeployRequest = { mark, template, point, plan, data, accepted: accepted.generation };
  const deeds = deedsOf(run, point).add('sent');
  let step: DeployStep | null = null;
  try {
    const sent = await changeService(run, (service) => {
      step = decideDeploy(run, service, request);
      return step.update;
    });
    if (sent.operation !== '') accepted.generation = sent.generation;
    const { requested = null, idle } = (step ?? {}) as Partial<DeployStep>;
    ensureWorking(run, idle, accepted);
    return (
      requested && toOperation(run, data, { mark, ...requested, sent, run: point.run, markedUntil: plan.markedUntil })
    );
  } catch (error) {
    if (isTransient(error)) deeds.add('sent without answer');
    throw error;
  }
}

/** @throws DeployError DEPLOY_FAILED where Google is done, and has made no revision */
function ensureWorking(run: RunService, idle: string | undefined, accepted: Sending['accepted']): void {
  const now = run.io.clock.now();
  accepted.idleSince = idle === undefined ? null : (accepted.idleSince ?? now);
  if (accepted.idleSince === null || now - accepted.idleSince < LONGEST_IDLE_MS) return;
  const what = `could not deploy to ${run.resource}: Cloud Run made no revision`;
  throw new DeployError('DEPLOY_FAILED', idle === '' ? what : `${what}: ${idle}`, {
    hint: 'Read the conditions of the service (gcloud run services describe), then run again.',
  });
}

interface Sent extends Pick<RunOperation, 'ours' | 'traffic' | 'sent' | 'run' | 'markedUntil'> {
  readonly mark: ChangeMark;
}

export function toOperation(run: RunService, { usualMs }: RestoreData, sent: Sent): RunOperation {
  const { revision } = sent.ours;
  run.made.set(sent.mark, revision);
  return { id: sent.sent.operation || revision, goal: { kind: 'up' }, revision, usualMs, ...sent };
}
