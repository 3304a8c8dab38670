import type { JsonObject } from '../../../model/json.ts';
import type { ChangeMark, RestorePoint } from '../../../model/restore-point.ts';
import { nothingSent } from './change-service.ts';
import { isAsCaptured, previewTraffic, type RunOperation, toOperation } from './deploy.ts';
import { finalTraffic, ourRevision } from './our-revision.ts';
import { parseRestoreData, type RestoreData } from './restore-data.ts';
import { findSuccessor, holderOf, readMarker } from './rollout-annotation.ts';
import type { RunService } from './service.ts';
import { isNamed, latestReady, requestedTraffic, servesAlone, templateRevision } from './service-document.ts';
import { readService } from './service-wire.ts';
import { isAsRequested } from './traffic-table.ts';

/** See `Workload.findOperation`. From the service alone: which traffic was requested with it shows which plan it had. */
export async function findOperation(
  run: RunService,
  { mark, point }: { readonly mark: ChangeMark; readonly point: RestorePoint },
): Promise<RunOperation | null> {
  const data = parseRestoreData(point, run);
  const service = await readService(run);
  if (!isNamed(service, mark) || !isOursByMarker(service, { mark, point, data })) return null;
  const ours = ourRevision(run, mark, data);
  const preview = previewTraffic(data, ours);
  const isPreview = isAsRequested(preview, requestedTraffic(service), ours);
  const traffic = isPreview ? preview : finalTraffic(data, ours);
  const markedUntil = readMarker(service)?.until ?? 0;
  return toOperation(data, { ours, traffic, sent: nothingSent(service), run: point.run, markedUntil });
}

/** The name alone does not say that our update came: a preview that went before, or another run, may have given it. */
function isOursByMarker(
  service: JsonObject,
  { mark, point, data }: { readonly mark: ChangeMark; readonly point: RestorePoint; readonly data: RestoreData },
): boolean {
  if (point.run) return holderOf(service, point.run) === 'ours';
  return data.templateName !== mark || !isAsCaptured(service, data);
}

/**
 * See `Workload.isLive`. The marker may just have been removed, so a service that is reconciling is taken by what it
 * requests. Beside another user's preview, which is newer, our revision serves by name.
 */
export async function isLive(run: RunService, mark: ChangeMark): Promise<boolean> {
  const service = await readService(run);
  if (findSuccessor(service, mark)) return true;
  const isNewest = templateRevision(service) === mark && latestReady(service) === mark;
  const targets = requestedTraffic(service).filter(({ percent }) => percent > 0);
  const isRequested = isNewest || targets.length > 0;
  const isAllOurs = targets.every(({ revision }) => revision === mark || (revision === null && isNewest));
  return isRequested && isAllOurs && servesAlone(service, mark);
}
