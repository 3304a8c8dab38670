import { readIfPossible } from '../../../io/read-optional.ts';
import { neverAborted } from '../../../io/signals.ts';
import { DeployError } from '../../../model/errors.ts';
import { type JsonObject, textAt } from '../../../model/json.ts';
import type { ChangeMark, Restoration, RestorePoint } from '../../../model/restore-point.ts';
import { failed, returning, waiting } from '../../restoration-answers.ts';
import { isConflict } from './change-service.ts';
import { type Decision, decideRestoration, type RestorationFacts } from './decide-restoration.ts';
import { labelsOfRun, labelsToRestore, withPreviousLabels } from './labels.ts';
import { finalTraffic, ourRevision } from './our-revision.ts';
import { previousTemplate, previousTemplateBeside } from './previous-template.ts';
import { parseRestoreData, type RestoreData } from './restore-data.ts';
import { hashTemplate } from './revision-name.ts';
import { firstLine } from './revision-state.ts';
import type { RunService } from './service.ts';
import {
  effectiveTraffic,
  formatShares,
  latestReady,
  progressOf,
  requestedTraffic,
  templateOf,
  templateRevision,
  toTargets,
} from './service-document.ts';
import { patchService, readRevisionDocument, readService, type ServiceUpdate } from './service-wire.ts';
import { isAsRequested, keepingTags } from './traffic-table.ts';

/** See `Workload.restore`: one poll and at most one change. */
type Restore = (point: RestorePoint, mark: ChangeMark, elapsedMs: number) => Promise<Restoration>;

export function openRunRestore(opened: RunService): Restore {
  // A cancel is often why a rollback is needed, so it must not end the rollback too.
  const run = { ...opened, signal: neverAborted };
  return async (point, mark, elapsedMs) => {
    const data = parseRestoreData(point, run);
    const service = await readService(run);
    const facts = gatherFacts(run, service, { data, mark, elapsedMs });
    const decision = decideRestoration(facts);
    if (decision.act === 'none') return decision.answer;
    return await act(run, service, { data, facts, decision });
  };
}

function gatherFacts(
  run: RunService,
  service: JsonObject,
  { data, mark, elapsedMs }: { readonly data: RestoreData; readonly mark: ChangeMark; readonly elapsedMs: number },
): RestorationFacts {
  const ours = ourRevision(run, mark, data);
  const { generation, reconciling, state, message } = progressOf(service);
  const labels = { ours: labelsOfRun(run.io), previous: data.labels };
  return {
    template: whoseTemplate(service, data, mark),
    revision: templateRevision(service),
    ours,
    requested: requestedTraffic(service),
    effective: effectiveTraffic(service),
    previousTraffic: data.requested,
    previousByName: data.serving,
    finalTraffic: finalTraffic(data, ours),
    labelsAreOurs: labelsToRestore(service, labels).length > 0,
    previous: data.previous,
    latestReady: latestReady(service),
    settled: !reconciling,
    failure: state === 'CONDITION_FAILED' ? firstLine(message) : null,
    changed: generation !== data.generation,
    elapsedMs,
  };
}

/** A name stands for one content permanently; a template without one is recognized by its content. */
function whoseTemplate(service: JsonObject, data: RestoreData, mark: ChangeMark): RestorationFacts['template'] {
  const name = textAt(templateOf(service), 'revision');
  const isSame = hashTemplate(templateOf(service)) === data.templateHash;
  // Ours too, where a preview that went before has made the revision: our deploy only named it, or not even that.
  if (isSame && (name === (data.templateName ?? '') || name === data.previous)) return 'previous';
  if (name === mark) return 'ours';
  return name === data.previous ? 'previous' : 'foreign';
}

interface Act {
  readonly data: RestoreData;
  readonly facts: RestorationFacts;
  readonly decision: Exclude<Decision, { act: 'none' }>;
}

async function act(run: RunService, service: JsonObject, { data, facts, decision }: Act): Promise<Restoration> {
  const isWhole = decision.act === 'restore';
  const traffic = toTargets(keepingTags(decision.traffic, facts.requested, facts.ours), service);
  try {
    const rest = isWhole ? await templateAndLabels(run, service, { data, facts }) : {};
    await patchService(run, textAt(service, 'etag'), { ...rest, traffic });
  } catch (error) {
    if (isConflict(error)) return changedMeanwhile();
    if (!isWhole || facts.template !== 'ours' || !isRefusal(error)) throw error;
    return await restoreTrafficOnly(run, service, { data, facts, error });
  }
  const what = isWhole ? `rollback to ${data.previous} requested` : 'previous traffic requested';
  return returning('RESTORING', `${what}: ${formatShares(decision.traffic)}`).answer;
}

async function templateAndLabels(
  run: RunService,
  service: JsonObject,
  { data, facts }: { readonly data: RestoreData; readonly facts: RestorationFacts },
): Promise<ServiceUpdate> {
  const labels = withPreviousLabels(service, { ours: labelsOfRun(run.io), previous: data.labels });
  if (facts.template !== 'ours') return { labels };
  const template = await readPreviousTemplate(run, templateOf(service), data);
  // Under its own name the previous revision is used again, and no new one is made.
  return { template: { ...template, revision: data.previous }, labels };
}

async function readPreviousTemplate(run: RunService, ours: JsonObject, data: RestoreData): Promise<JsonObject> {
  const document = await readRevisionDocument(run, data.previous);
  const { images, isTemplateRevision } = data;
  const previous = { document, images, isTemplateRevision };
  const template = previousTemplate(ours, previous);
  if (!isTemplateRevision || hashTemplate(template) === data.templateHash) return template;
  const revision = textAt(ours, 'revision');
  const read = () => readRevisionDocument(run, revision);
  const ourDocument = await readIfPossible(run.io.log, `what ${revision} shows of its template`, read);
  return previousTemplateBeside({ template: ours, document: ourDocument }, previous);
}

/** The traffic is what users feel: it must not wait for a template that can't be read, or that Cloud Run does not accept. */
async function restoreTrafficOnly(
  run: RunService,
  service: JsonObject,
  { data, facts, error }: Pick<Act, 'data' | 'facts'> & { readonly error: DeployError },
): Promise<Restoration> {
  const isRestored = isAsRequested(data.serving, facts.requested, facts.ours);
  if (!isRestored) await patchService(run, textAt(service, 'etag'), { traffic: toTargets(data.serving, service) });
  const message = `the traffic was restored (${formatShares(data.serving)}), but the template could not be restored: ${error.message}`;
  return failed(message).answer;
}

function isRefusal(error: unknown): error is DeployError {
  return error instanceof DeployError && ['DEPLOY_REJECTED', 'PERMISSION_DENIED', 'NOT_FOUND'].includes(error.code);
}

function changedMeanwhile(): Restoration {
  const message = 'the service has changed since it was read; reading it again';
  return waiting('CHANGED_MEANWHILE', message).answer;
}
