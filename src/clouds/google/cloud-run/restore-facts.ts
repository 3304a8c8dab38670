import { type JsonObject, textAt } from '../../../model/json.ts';
import type { ChangeMark, RestorePoint } from '../../../model/restore-point.ts';
import { describeHolder } from '../../../model/rollout-marker.ts';
import { labelsToRestore } from './labels.ts';
import { isOthersPreview } from './others-preview.ts';
import { type FoundChange, findOurs, isAdopted } from './our-change.ts';
import { finalTraffic, restorableTraffic } from './our-revision.ts';
import { formatRelease } from './release-command.ts';
import type { RestorationFacts } from './restoration-facts.ts';
import { parseRestoreData, type RestoreData } from './restore-data.ts';
import { hashTemplate } from './revision-name.ts';
import { firstLine } from './revision-state.ts';
import { holderOf, readMarker } from './rollout-annotation.ts';
import { deedsOf, type RunService } from './service.ts';
import {
  effectiveTraffic,
  latestReady,
  progressOf,
  requestedTraffic,
  templateOf,
  templateRevision,
} from './service-document.ts';

/** What a restoration is asked for. */
export interface Restoring {
  readonly point: RestorePoint;
  readonly mark: ChangeMark;
  readonly elapsedMs: number;
}

/** What `decideRestoration` decides from. @throws DeployError JOURNAL_INVALID */
export function gatherFacts(run: RunService, service: JsonObject, restoring: Restoring): RestorationFacts {
  const { point, mark, elapsedMs } = restoring;
  const data = parseRestoreData(point, run);
  const found = findOurs(run, service, { point, mark, data });
  const { ours } = found;
  const { generation, reconciling, state, message } = progressOf(service);
  const labels = { ours: data.ownLabels, previous: data.labels };
  return {
    ...describeOwner(run, service, { point, mark, data, ...found }),
    revision: templateRevision(service),
    isPreview: isOthersPreview(service, ours),
    ours,
    requested: requestedTraffic(service),
    effective: effectiveTraffic(service),
    capturedTraffic: data.requested,
    previousTraffic: restorableTraffic(data),
    previousByName: data.serving,
    finalTraffic: finalTraffic(data, ours),
    labelsAreOurs: labelsToRestore(service, labels).length > 0,
    previous: data.previous,
    latestReady: latestReady(service),
    settled: !reconciling,
    failure: state === 'CONDITION_FAILED' ? firstLine(message) : null,
    changed: generation !== data.generation,
    releaseCommand: formatRelease(run),
    elapsedMs,
  };
}

type Owner = Pick<RestorationFacts, 'phase' | 'holder' | 'holderName' | 'template' | 'restoredBy' | 'late'>;
type Own = Pick<Restoring, 'point' | 'mark'> & FoundChange & { readonly data: RestoreData };

function describeOwner(run: RunService, service: JsonObject, own: Own): Owner {
  const marker = readMarker(service);
  const holder = holderOf(service, own.point.run);
  return {
    holder,
    phase: holder === 'ours' && marker ? marker.phase : null,
    holderName: marker ? describeHolder(marker) : '',
    template: whoseTemplate(service, own),
    restoredBy: whoRestored(run, service, own),
    late: findLate(run, service, own),
  };
}

/** A name stands for one content permanently; a template without one is recognized by its content. */
function whoseTemplate(service: JsonObject, { data, isTemplate }: Own): RestorationFacts['template'] {
  const name = textAt(templateOf(service), 'revision');
  const isSame = hashTemplate(templateOf(service)) === data.templateHash;
  // Ours too, where a preview that went before has made the revision.
  if (isSame && (name === (data.templateName ?? '') || name === data.previous)) return 'previous';
  if (isTemplate) return 'ours';
  return name === data.previous ? 'previous' : 'foreign';
}

/**
 * A tool that applies its own, previous configuration leaves what our finished restoration would: only the marker tells, as
 * our restoration notes itself there, and removes it at the end; where it is gone, what this process did.
 */
function whoRestored(run: RunService, service: JsonObject, { point, mark, data }: Own): RestorationFacts['restoredBy'] {
  // Our change left the template as it was.
  if (!point.run || isAdopted(mark, data)) return 'us';
  if (holderOf(service, point.run) === 'ours') {
    return ['creating', 'rolling-out'].includes(readMarker(service)?.phase ?? '') ? 'another' : 'us';
  }
  const deeds = deedsOf(run, point);
  return deeds.has('sent') && !deeds.has('restoring') ? 'another' : 'us';
}

/** Where another process sent the request, it is not known whether it was answered. */
function findLate(run: RunService, service: JsonObject, { point }: Own): RestorationFacts['late'] {
  const deeds = deedsOf(run, point);
  if (deeds.has('fenced')) return 'fenced';
  const isFencing = holderOf(service, point.run) === 'ours' && readMarker(service)?.phase === 'fencing';
  if (isFencing) return 'fencing';
  const isAnswered = deeds.has('sent') && !deeds.has('sent without answer');
  return isAnswered || !point.run ? 'no' : 'maybe';
}
