import type { MarkerControl } from '../../../model/marker-control.ts';
import type { RestorePoint } from '../../../model/restore-point.ts';
import type { Capabilities, Change, Operation, Prepared, Workload } from '../../../model/workload.ts';
import type { ClusterWorkload } from '../cluster-workload.ts';
import { RESERVED_HEADERS } from '../proxied-endpoint.ts';
import { openCopyMarker, readCopyReadiness } from './copy-marker.ts';
import { diagnoseSplit } from './diagnose-copy.ts';
import { findSite, type Lack, type Site } from './find-site.ts';
import type { SplitSettings } from './inputs.ts';
import { finishSplit, setWeight } from './move-traffic.ts';
import { previewPods } from './preview-pods.ts';
import { restoreSplit } from './restore-split.ts';
import { findCopy, sendCopy } from './send-copy.ts';
import { isSplit } from './split-operation.ts';
import { openSplitWorkload, type RollingWorkload, type SplitWorkload } from './split-workload.ts';
import { watchRolling, watchSplit } from './watch-split.ts';

/**
 * The Deployment with canary, blue-green and `traffic: 0`. What it does by itself, rolling, stays as it is.
 * @throws DeployError NOT_FOUND, INPUT_INVALID for what the settings name
 */
export async function withSplit(
  rolling: RollingWorkload,
  run: ClusterWorkload,
  settings: SplitSettings,
): Promise<Workload> {
  const split = openSplitWorkload(run, rolling, settings);
  const found = await findSite(split);
  // A copy would have pods where the user wants none.
  const isEmpty = !('why' in found) && found.replicas === 0 && run.allowsEmpty;
  const site = isEmpty ? { why: 'it is scaled to 0', remedy: 'Scale it up' } : found;
  return {
    ...rolling,
    capabilities: capabilitiesAt(site, split),
    readiness: async () => {
      const found = await rolling.readiness();
      return found.status === 'free' ? ((await readCopyReadiness(split)) ?? found) : found;
    },
    capture: () => capture(split),
    prepare: (change) => prepare(split, change),
    findOperation: async (mark, point) =>
      (await findCopy(split, { mark, point })) ?? rolling.findOperation(mark, point),
    watch: (operation) => (isSplit(operation) ? watchSplit(split, operation) : watchRolling(split, operation)),
    traffic:
      'why' in site ? null : { by: 'us', setWeight: (operation, request) => setWeight(split, operation, request) },
    marker: bothMarkers(rolling.marker, openCopyMarker(split)),
    finish: (operation, point) => finishSplit(split, operation, point),
    preview: (operation: Operation) =>
      isSplit(operation) ? previewPods(split, portAt(site)) : rolling.preview(operation),
    diagnose: (operation) => (isSplit(operation) ? diagnoseSplit(split, operation) : rolling.diagnose(operation)),
    restore: (point, mark, elapsedMs) => restoreSplit(split, { point, mark, elapsedMs }),
  };
}

function capabilitiesAt(site: Site | Lack, { rolling, settings }: SplitWorkload): Capabilities {
  const { capabilities } = rolling;
  if ('why' in site) return { ...capabilities, remedy: capabilities.remedy ?? site.remedy };
  const remedy = site.port ? capabilities.remedy : 'Give its Service a TCP port that leads to a port of its pods';
  const weights = settings.route ? 'any' : { stable: site.replicas };
  const own = { traffic: { by: 'us', weights }, preview: site.port !== null, remedy } as const;
  return { ...capabilities, ...own, previewReserves: RESERVED_HEADERS };
}

function portAt(site: Site | Lack): Site['port'] {
  return 'why' in site ? null : site.port;
}

async function capture(split: SplitWorkload): Promise<RestorePoint> {
  const point = await split.rolling.capture();
  const site = await findSite(split);
  return 'why' in site ? point : { ...point, data: { ...point.data, split: site.data } };
}

/** The Deployment itself, or a copy first. */
async function prepare(split: SplitWorkload, change: Change): Promise<Prepared> {
  const prepared = await split.rolling.prepare(change);
  split.prepared.set(prepared.mark, prepared);
  return {
    mark: prepared.mark,
    send: (point, plan) => (plan.takeTraffic ? prepared.send(point, plan) : sendCopy(split, { prepared, point, plan })),
  };
}

function bothMarkers(one: MarkerControl | undefined, other: MarkerControl): MarkerControl {
  return {
    async renew(point, mark, until) {
      await other.renew(point, mark, until);
      await one?.renew(point, mark, until);
    },
    async remove(point) {
      await one?.remove(point);
      await other.remove(point);
    },
  };
}
