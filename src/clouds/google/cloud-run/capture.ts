import { readIfThere } from '../../../io/read-optional.ts';
import { ConflictError } from '../../../model/conflict.ts';
import { DeployError } from '../../../model/errors.ts';
import { type JsonObject, listAt, textAt } from '../../../model/json.ts';
import type { RestorePoint, RollbackTarget } from '../../../model/restore-point.ts';
import { labelsOfRun, readLabels } from './labels.ts';
import { previousTemplate } from './previous-template.ts';
import { formatRemoval } from './release-command.ts';
import { parseRestoreData, type RestoreData } from './restore-data.ts';
import { hashTemplate } from './revision-name.ts';
import { readyAfterMs } from './revision-state.ts';
import { type RunService, sayOnce } from './service.ts';
import {
  describeLatest,
  formatShares,
  latestCreated,
  latestReady,
  progressOf,
  requestedTraffic,
  servingTraffic,
  type TrafficEntry,
  templateOf,
} from './service-document.ts';
import { readRevisionDocument, readService } from './service-wire.ts';

/**
 * @throws ConflictError when another change began since the service was found free; DeployError UNSUPPORTED when nothing
 * serves, so that there is nothing to restore
 */
export async function captureRestorePoint(run: RunService): Promise<RestorePoint> {
  const service = await readService(run);
  ensureStillFree(run, service);
  const template = templateOf(service);
  const serving = readServing(run, service);
  const previous = chooseRevision(run, service);
  const isTemplateRevision = previous === latestCreated(service);
  const documents = await readDocuments(run, [previous, ...serving.flatMap(({ revision }) => revision ?? [])]);
  const document = documents.get(previous) ?? {};
  const templateHash = hashTemplate(template);
  run.captured.set(templateHash, template);
  const data: RestoreData = {
    generation: progressOf(service).generation,
    templateHash,
    templateName: textAt(template, 'revision') || null,
    newest: latestCreated(service),
    previous,
    isTemplateRevision,
    images: isTemplateRevision ? findImages(template, document) : null,
    usualMs: readyAfterMs(document),
    requested: [...requestedTraffic(service)],
    serving: [...serving],
    labels: readLabels(service),
    ownLabels: labelsOfRun(run.io),
    ...describeTarget(documents),
  };
  return { resource: run.resource, revision: formatServing(serving), data };
}

/** While a change is in progress, the service shows the new template beside the revision that was the latest before. */
function ensureStillFree(run: RunService, service: JsonObject): void {
  const { reconciling, generation } = progressOf(service);
  if (!reconciling || generation === run.last.generation) return;
  const why = `${describeLatest(service)} was deployed meanwhile, or its traffic changed`;
  throw new ConflictError(`could not start a deployment of ${run.resource}: ${why}`);
}

/** Of what a rollback would bring back. */
function describeTarget(documents: Documents): Pick<RestoreData, 'servingImages' | 'deleted'> {
  const images = [...documents.values()].flatMap((document) => listAt(document, 'containers'));
  const names = images.map((container) => textAt(container, 'image')).filter((image) => image !== '');
  const deleted = [...documents].filter(([, document]) => document === null).map(([revision]) => revision);
  return { servingImages: [...new Set(names)], deleted };
}

/** See `Workload.rollbackTarget`. `captureRestorePoint` has read all of it. */
export function readRollbackTarget(run: RunService, point: RestorePoint): RollbackTarget {
  const { servingImages, deleted, requested } = parseRestoreData(point, run);
  // Cloud Run refuses traffic to it (terraform-google-modules/terraform-docs-samples#269).
  const obstacles = deleted.map((revision) => ({
    message: `its traffic names ${revision}, which was deleted`,
    hint: `Take it out of the traffic: ${formatRemoval(
      run,
      requested.filter((entry) => entry.revision === revision),
    )}.`,
  }));
  return { images: servingImages, obstacles };
}

/** `agent-00007`, or with its shares where several serve. */
function formatServing(serving: readonly TrafficEntry[]): string {
  const names = new Set(serving.flatMap(({ revision, percent }) => (percent > 0 && revision ? [revision] : [])));
  return names.size === 1 ? [...names][0]! : formatShares(serving);
}

/** What serves now, by name: the traffic that is in effect, not the one that was requested. */
function readServing(run: RunService, service: JsonObject): readonly TrafficEntry[] {
  const effective = servingTraffic(service);
  if (effective.some(({ percent }) => percent > 0)) return effective;
  throw new DeployError('UNSUPPORTED', `could not guarantee a rollback of ${run.resource}: nothing serves`, {
    hint: 'Deploy it once with gcloud run deploy, so that a revision serves, then run again.',
  });
}

/**
 * The revision whose template a rollback restores: the service's newest. If that never became ready, it is the latest
 * ready one.
 */
function chooseRevision(run: RunService, service: JsonObject): string {
  const [created, ready] = [latestCreated(service), latestReady(service)];
  if (ready === '' || created === ready) return created;
  sayOnce(run, 'info', `${created}, the newest revision, is not ready; a rollback restores the template of ${ready}.`);
  return ready;
}

/** By revision; null: it was deleted. */
type Documents = ReadonlyMap<string, JsonObject | null>;

async function readDocuments(run: RunService, revisions: readonly string[]): Promise<Documents> {
  const documents = new Map<string, JsonObject | null>();
  for (const revision of new Set(revisions)) {
    documents.set(revision, await readIfThere(() => readRevisionDocument(run, revision)));
  }
  return documents;
}

/** A revision may show what a tag was resolved to: then the text that the template has is kept. */
function findImages(template: JsonObject, document: JsonObject): string[] | null {
  const revision = { document, images: null, isTemplateRevision: true };
  if (hashTemplate(previousTemplate(template, revision)) === hashTemplate(template)) return null;
  return listAt(template, 'containers').map((container) => textAt(container, 'image'));
}
