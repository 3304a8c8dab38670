import { DeployError } from '../../../model/errors.ts';
import { type JsonObject, listAt, textAt } from '../../../model/json.ts';
import type { RestorePoint } from '../../../model/restore-point.ts';
import { readLabels } from './labels.ts';
import { previousTemplate } from './previous-template.ts';
import type { RestoreData } from './restore-data.ts';
import { hashTemplate } from './revision-name.ts';
import { readyAfterMs } from './revision-state.ts';
import { type RunService, sayOnce } from './service.ts';
import {
  effectiveTraffic,
  formatShares,
  latestCreated,
  latestReady,
  progressOf,
  requestedTraffic,
  servingRevisions,
  type TrafficEntry,
  templateOf,
} from './service-document.ts';
import { readRevisionDocument, readService } from './service-wire.ts';

/** @throws DeployError UNSUPPORTED when what serves now could not be restored */
export async function captureRestorePoint(run: RunService): Promise<RestorePoint> {
  const service = await readService(run);
  const template = templateOf(service);
  const serving = readServing(run, service);
  const previous = chooseRevision(run, service);
  const isTemplateRevision = previous === latestCreated(service);
  const document = await readPrevious(run, previous);
  for (const { revision } of serving) if (revision !== null && revision !== previous) await readPrevious(run, revision);
  const data: RestoreData = {
    generation: progressOf(service).generation,
    templateHash: hashTemplate(template),
    templateName: textAt(template, 'revision') || null,
    previous,
    isTemplateRevision,
    images: isTemplateRevision ? findImages(template, document) : null,
    usualMs: readyAfterMs(document),
    requested: [...requestedTraffic(service)],
    serving: [...serving],
    labels: readLabels(service),
  };
  return { resource: run.resource, revision: describeServing(service), data };
}

/** `agent-00007`, or with its shares where several serve. */
function describeServing(service: JsonObject): string {
  const names = [...servingRevisions(service).keys()];
  return names.length === 1 ? names[0]! : formatShares(effectiveTraffic(service));
}

/** What serves now, by name: the traffic that is in effect, not the one that was requested. */
function readServing(run: RunService, service: JsonObject): readonly TrafficEntry[] {
  const effective = effectiveTraffic(service);
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

async function readPrevious(run: RunService, revision: string): Promise<JsonObject> {
  try {
    return await readRevisionDocument(run, revision);
  } catch (error) {
    if (!(error instanceof DeployError) || error.code !== 'NOT_FOUND') throw error;
    // Cloud Run refuses traffic to it (terraform-google-modules/terraform-docs-samples#269).
    const why = `its traffic names ${revision}, which was deleted`;
    throw new DeployError('UNSUPPORTED', `could not guarantee a rollback of ${run.resource}: ${why}`, {
      hint: `Take it out of the traffic: gcloud run services update-traffic ${run.service} --region ${run.region} --project ${run.project} --to-latest.`,
      cause: error,
    });
  }
}

/** A revision may show what a tag was resolved to: then the text that the template has is kept. */
function findImages(template: JsonObject, document: JsonObject): string[] | null {
  const revision = { document, images: null, isTemplateRevision: true };
  if (hashTemplate(previousTemplate(template, revision)) === hashTemplate(template)) return null;
  return listAt(template, 'containers').map((container) => textAt(container, 'image'));
}
