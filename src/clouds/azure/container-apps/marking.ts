import type { MarkerControl } from '../../../model/marker-control.ts';
import type { RestorePoint } from '../../../model/restore-point.ts';
import { joinSentences } from '../../../model/sentences.ts';
import { type AppState, type ContainerApp, patchApp, readApp } from './app.ts';
import { changeInProgress } from './change-in-progress.ts';
import { withoutTarget } from './restore-data.ts';
import { findMarkers, type RolloutPhase, type TagPatch, tagsOf, withoutTagsOf } from './rollout-tags.ts';

export interface Marking {
  readonly point: RestorePoint;
  readonly mark: string;
  readonly until: number;
  readonly phase?: RolloutPhase;
}

/** What a request adds to itself to write our marker: nothing where the point names no run, or the app has no room for it. */
export function markingOf(
  app: ContainerApp,
  { document }: Pick<AppState, 'document'>,
  { point, mark, until, phase = 'rolling-out' }: Marking,
): TagPatch {
  if (!point.run) return {};
  const { run } = point;
  const marked = { ...point, data: withoutTarget(point.data) };
  const tags = tagsOf(document, { phase, run, until, mark, point: marked });
  if (!tags) warnOfNoRoom(app);
  return tags ?? {};
}

function warnOfNoRoom({ io, resource, warned }: ContainerApp): void {
  if (warned.has(NO_ROOM)) return;
  warned.add(NO_ROOM);
  const what = `${resource} has no room for the tags that mark a rollout (Azure allows 50 tags)`;
  io.log.warning(joinSentences(what, 'Other runs will not see this one. Use `concurrency`.'));
}

const NO_ROOM = 'the marker';

/** What a request adds to itself to remove the marker of the point's run. */
export function unmarkingOf({ document }: Pick<AppState, 'document'>, { run }: RestorePoint): TagPatch {
  return run ? withoutTagsOf(document, run.id) : {};
}

/** Azure has accepted its removal, and says whether it took effect only when that change has ended. */
async function removeMarker(app: ContainerApp, point: RestorePoint): Promise<void> {
  const state = await readApp(app);
  const tags = unmarkingOf(state, point);
  const isRequested = Object.keys(tags).length > 0;
  if (isRequested) await patchApp(app, { tags });
  if (isRequested || state.provisioningState === 'inprogress')
    throw changeInProgress(`remove the marker from ${app.resource}`);
}

/** See `Workload.marker`. A change of tags makes no revision and moves no traffic. */
export function openMarkerControl(app: ContainerApp): MarkerControl {
  return {
    async renew({ run }, _mark, until) {
      const state = await readApp(app);
      const { markers } = findMarkers(state.document, app.resource);
      const own = markers.find((marker) => marker.run.id === run?.id);
      if (!own || own.until >= until) return;
      // While one is in progress, Azure refuses every other one.
      if (state.provisioningState === 'inprogress') throw changeInProgress(`renew the marker on ${app.resource}`);
      await patchApp(app, { tags: tagsOf(state.document, { ...own, until }) ?? {} });
    },
    remove: (point) => removeMarker(app, point),
  };
}
