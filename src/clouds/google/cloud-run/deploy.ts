import type { JsonObject } from '../../../model/json.ts';
import type { ChangeMark, RestorePoint } from '../../../model/restore-point.ts';
import { superseded } from '../../../model/superseded.ts';
import type { Change, Operation, Prepared } from '../../../model/workload.ts';
import { changeService, nothingSent } from './change-service.ts';
import { labelsOfRun, withLabels } from './labels.ts';
import { finalTraffic, ourRevision } from './our-revision.ts';
import { type RevisionTemplate, templateFor } from './plan.ts';
import { parseRestoreData, type RestoreData } from './restore-data.ts';
import { hashTemplate } from './revision-name.ts';
import type { RunService } from './service.ts';
import {
  describeLatest,
  isNamed,
  latestReady,
  progressOf,
  requestedTraffic,
  servesAlone,
  type TrafficEntry,
  templateOf,
  templateRevision,
  toTargets,
} from './service-document.ts';
import { readService, type SentUpdate, type ServiceUpdate } from './service-wire.ts';
import { isAsRequested, isSameTraffic, type OurRevision, withOurs } from './traffic-table.ts';

/** `id`: name of Google's own operation; where that is not known, our revision's. */
export interface RunOperation extends Operation {
  readonly ours: OurRevision;
  /** The traffic that was requested last. */
  readonly traffic: readonly TrafficEntry[];
  /** What Google accepted last; without an `operation`: nothing was sent, or the answer was lost. */
  readonly sent: SentUpdate;
  /** How long the previous revision took to start; null: Google does not tell, or no revision has to start. */
  readonly usualMs: number | null;
}

/** Chooses the revision's name. Nothing is made: the one call that makes the revision is the one that is journaled. */
export async function prepareChange(run: RunService, change: Change): Promise<Prepared> {
  const revision = await templateFor(run, change);
  return { mark: revision.mark, send: (point, { takeTraffic }) => send(run, revision, { point, takeTraffic }) };
}

interface DeployRequest {
  readonly point: RestorePoint;
  readonly takeTraffic: boolean;
}

async function send(
  run: RunService,
  { mark, template }: RevisionTemplate,
  { point, takeTraffic }: DeployRequest,
): Promise<RunOperation> {
  const data = parseRestoreData(point, run);
  const ours = ourRevision(run, mark, data);
  const traffic = takeTraffic ? finalTraffic(data, ours) : previewTraffic(data, ours);
  const plan = { ours, template, traffic, data };
  const sent = await changeService(run, (service) => decideDeploy(run, service, plan));
  return toOperation(data, { ours, traffic, sent });
}

/** No traffic for ours: what serves, by name, and ours beside it. */
function previewTraffic({ serving }: RestoreData, ours: OurRevision): readonly TrafficEntry[] {
  return withOurs(serving, ours, 0);
}

interface DeployPlan {
  readonly ours: OurRevision;
  readonly template: JsonObject | null;
  readonly traffic: readonly TrafficEntry[];
  readonly data: RestoreData;
}

/**
 * null: an earlier request, whose answer was lost, has done it.
 * @throws DeployError SUPERSEDED when template or traffic are no longer as they were captured
 */
function decideDeploy(run: RunService, service: JsonObject, plan: DeployPlan): ServiceUpdate | null {
  const { ours, template, traffic, data } = plan;
  const hasTraffic = isAsRequested(traffic, requestedTraffic(service), ours);
  if (isNamed(service, ours.revision) && hasTraffic) return null;
  if (!isAsCaptured(service, data)) {
    throw superseded(
      `could not deploy to ${run.resource}: ${describeLatest(service)} was deployed meanwhile, or its traffic changed`,
    );
  }
  return {
    ...(template ? { template } : {}),
    // Traffic that follows the latest anyway is not mentioned: no entry at all is the user's own form too.
    ...(hasTraffic ? {} : { traffic: toTargets(traffic, service) }),
    labels: withLabels(service, labelsOfRun(run.io)),
  };
}

function isAsCaptured(service: JsonObject, { templateHash, requested }: RestoreData): boolean {
  return hashTemplate(templateOf(service)) === templateHash && isSameTraffic(requestedTraffic(service), requested);
}

function toOperation(
  { usualMs }: RestoreData,
  { ours, traffic, sent }: Pick<RunOperation, 'ours' | 'traffic' | 'sent'>,
): RunOperation {
  const { revision } = ours;
  return {
    id: sent.operation || revision,
    mark: revision,
    goal: { kind: 'up' },
    ...{ revision, ours, traffic, sent, usualMs },
  };
}

/** See `Workload.findOperation`. From the service alone: which traffic was requested with it shows which plan it had. */
export async function findOperation(
  run: RunService,
  { mark, point }: { readonly mark: ChangeMark; readonly point: RestorePoint },
): Promise<RunOperation | null> {
  const data = parseRestoreData(point, run);
  const service = await readService(run);
  if (!isNamed(service, mark)) return null;
  // A preview that went before has given the template its name: the name alone does not say that our update came.
  if (data.templateName === mark && isAsCaptured(service, data)) return null;
  const ours = ourRevision(run, mark, data);
  const preview = previewTraffic(data, ours);
  const isPreview = isAsRequested(preview, requestedTraffic(service), ours);
  const traffic = isPreview ? preview : finalTraffic(data, ours);
  return toOperation(data, { ours, traffic, sent: nothingSent(service) });
}

/** See `Workload.isLive`. */
export async function isLive(run: RunService, mark: ChangeMark): Promise<boolean> {
  const service = await readService(run);
  const isNewest = templateRevision(service) === mark && latestReady(service) === mark;
  return !progressOf(service).reconciling && isNewest && servesAlone(service, mark);
}
