import { neverCancelled } from '../../../io/io.ts';
import { DeployError } from '../../../model/errors.ts';
import { type JsonObject, textAt } from '../../../model/json.ts';
import type { ChangeMark, Restoration, RestorePoint } from '../../../model/workload.ts';
import { failed, returning, waiting } from '../../restoration-answers.ts';
import { isConflict } from './change-service.ts';
import { type Decision, decideRestoration, type RestorationFacts } from './decide-restoration.ts';
import { firstLine } from './first-line.ts';
import { labelsOfRun, labelsToPutBack, withLabelsBefore } from './labels.ts';
import { lastTraffic, oursOf } from './our-part.ts';
import { parseRestoreData, type RestoreData } from './restore-data.ts';
import { hashTemplate } from './revision-name.ts';
import type { RunService } from './service.ts';
import {
  effectiveTraffic,
  formatShares,
  latestReady,
  progressOf,
  templateOf,
  templateRevision,
  toTargets,
  wantedTraffic,
} from './service-document.ts';
import { patchService, readRevisionDocument, readService, type ServiceUpdate } from './service-wire.ts';
import { templateBefore } from './template-before.ts';
import { keepingTags } from './traffic-table.ts';

/** See `Workload.restore`: one look and at most one change. */
export type Restore = (point: RestorePoint, mark: ChangeMark, elapsedMs: number) => Promise<Restoration>;

export function openRunRestore(opened: RunService): Restore {
  // A cancel is often why something has to be put back, so it must not end the way back too.
  const run = { ...opened, io: neverCancelled(opened.io) };
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
  const ours = oursOf(run, mark, data);
  const { generation, reconciling, state, message } = progressOf(service);
  const labels = { ours: labelsOfRun(run.io), before: data.labels };
  return {
    template: whoseTemplate(service, data, mark),
    revision: templateRevision(service),
    ours,
    wanted: wantedTraffic(service),
    effective: effectiveTraffic(service),
    before: data.wanted,
    serves: data.serves,
    done: lastTraffic(data, ours),
    labelsAreOurs: labelsToPutBack(service, labels).length > 0,
    back: data.back,
    latestReady: latestReady(service),
    settled: !reconciling,
    failure: state === 'CONDITION_FAILED' ? firstLine(message) : null,
    changed: generation !== data.generation,
    elapsedMs,
  };
}

/** A name stands for one content for ever; a template without one is told by its content. */
function whoseTemplate(service: JsonObject, data: RestoreData, mark: ChangeMark): RestorationFacts['template'] {
  const name = textAt(templateOf(service), 'revision');
  const isSame = hashTemplate(templateOf(service)) === data.template;
  // Ours too, where a preview that went before has made the revision: our deploy only named it, or not even that.
  if (isSame && (name === (data.named ?? '') || name === data.back)) return 'before';
  if (name === mark) return 'ours';
  return name === data.back ? 'before' : 'foreign';
}

interface Act {
  readonly data: RestoreData;
  readonly facts: RestorationFacts;
  readonly decision: Exclude<Decision, { act: 'none' }>;
}

async function act(run: RunService, service: JsonObject, { data, facts, decision }: Act): Promise<Restoration> {
  const traffic = toTargets(keepingTags(decision.traffic, facts.wanted, facts.ours), service);
  try {
    const whole = decision.act === 'put-back' ? await planWhole(run, service, { data, facts }) : {};
    await patchService(run, textAt(service, 'etag'), { ...whole, traffic });
  } catch (error) {
    if (isConflict(error)) return changedMeanwhile();
    if (decision.act !== 'put-back' || facts.template !== 'ours' || !isRefusal(error)) throw error;
    return await trafficAtLeast(run, service, { data, error });
  }
  const what = decision.act === 'put-back' ? `asked for ${data.back} again` : 'asked for the traffic as it was';
  const message = `${what}: ${formatShares(decision.traffic)}`;
  return returning('PUTTING_BACK', message).answer;
}

async function planWhole(
  run: RunService,
  service: JsonObject,
  { data, facts }: { readonly data: RestoreData; readonly facts: RestorationFacts },
): Promise<ServiceUpdate> {
  const labels = withLabelsBefore(service, { ours: labelsOfRun(run.io), before: data.labels });
  if (facts.template !== 'ours') return { labels };
  const document = await readRevisionDocument(run, data.back);
  const { images, isTemplates } = data;
  const template = templateBefore(templateOf(service), { document, images, isTemplates });
  // Under its own name the old revision is used again, and no new one is made.
  return { template: { ...template, revision: data.back }, labels };
}

/** The traffic is what users feel: it must not wait for a template that can't be read, or that Cloud Run does not take. */
async function trafficAtLeast(
  run: RunService,
  service: JsonObject,
  { data, error }: { readonly data: RestoreData; readonly error: DeployError },
): Promise<Restoration> {
  await patchService(run, textAt(service, 'etag'), { traffic: toTargets(data.serves, service) });
  const message = `${formatShares(data.serves)} gets the traffic again, but the template could not be put back: ${error.message}`;
  return failed(message).answer;
}

function isRefusal(error: unknown): error is DeployError {
  return error instanceof DeployError && ['DEPLOY_REJECTED', 'PERMISSION_DENIED', 'NOT_FOUND'].includes(error.code);
}

function changedMeanwhile(): Restoration {
  const message = 'the service has changed since it was read; looking again';
  return waiting('CHANGED_MEANWHILE', message).answer;
}
