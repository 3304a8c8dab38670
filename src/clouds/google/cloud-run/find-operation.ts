import type { ChangeMark, RestorePoint } from '../../../model/restore-point.ts';
import { nothingSent } from './change-service.ts';
import { type RunOperation, toOperation } from './deploy.ts';
import { findLiveName } from './our-change.ts';
import { finalTraffic, previewTraffic } from './our-revision.ts';
import { parseRestoreData } from './restore-data.ts';
import { findSuccessor, readMarker } from './rollout-annotation.ts';
import { findSentChange } from './sent-change.ts';
import type { RunService } from './service.ts';
import { latestReady, requestedTraffic, servesAlone, templateRevision } from './service-document.ts';
import { readService } from './service-wire.ts';
import { isAsRequested } from './traffic-table.ts';

/** See `Workload.findOperation`. From the service alone: which traffic was requested with it shows which plan it had. */
export async function findOperation(
  run: RunService,
  { mark, point }: { readonly mark: ChangeMark; readonly point: RestorePoint },
): Promise<RunOperation | null> {
  const data = parseRestoreData(point, run);
  const service = await readService(run);
  const found = findSentChange(run, service, { mark, point, data });
  if (!found?.isNamed) return null;
  const { ours } = found;
  const preview = previewTraffic(data, ours);
  const isPreview = isAsRequested(preview, requestedTraffic(service), ours);
  const traffic = isPreview ? preview : finalTraffic(data, ours);
  const markedUntil = readMarker(service)?.until ?? 0;
  return toOperation(run, data, { mark, ours, traffic, sent: nothingSent(service), run: point.run, markedUntil });
}

/**
 * See `Workload.isLive`. The marker may just have been removed, so a service that is reconciling is taken by what it
 * requests. Beside another user's preview, which is newer, our revision serves by name.
 */
export async function isLive(run: RunService, mark: ChangeMark): Promise<boolean> {
  const service = await readService(run);
  const revision = findLiveName(run, service, mark);
  if (revision === '') return false;
  if (findSuccessor(service, revision)) return true;
  const isNewest = templateRevision(service) === revision && latestReady(service) === revision;
  const targets = requestedTraffic(service).filter(({ percent }) => percent > 0);
  const isRequested = isNewest || targets.length > 0;
  const isAllOurs = targets.every((target) => target.revision === revision || (target.revision === null && isNewest));
  return isRequested && isAllOurs && servesAlone(service, revision);
}
