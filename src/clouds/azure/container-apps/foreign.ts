import { textAt } from '../../../model/json.ts';
import { describeHolder } from '../../../model/rollout-marker.ts';
import type { AppState, ContainerApp } from './app.ts';
import { findHolder } from './holder.ts';
import { isResumed, type OurRevision } from './operation.ts';
import { previouslyServing, previousTraffic } from './restore-data.ts';
import { restoreRevisionName, suffixOf } from './revision-name.ts';
import { type AppMarker, findMarkers } from './rollout-tags.ts';
import { isName, listAddedLabels, readTraffic, type TrafficEntry } from './traffic-table.ts';

/** The run that goes on while ours has to give way; null: there is none. */
export function findRival(app: ContainerApp, run: OurRevision['run'], state: AppState): AppMarker | null {
  const { markers } = findMarkers(state.document, app.resource);
  return findHolder({ markers, run, now: app.io.clock.now() });
}

/** A change that is not ours, in words; null: there is none. */
export function findForeign(
  app: ContainerApp,
  ours: OurRevision,
  { state, isListed = true }: { readonly state: AppState; readonly isListed?: boolean },
): string | null {
  const rival = findRival(app, ours.run, state);
  return rival ? describeHolder(rival) : findForeignChange(ours, { state, isListed });
}

/** Pure: of the template or the traffic. `isListed`: our revision is, so the app shows the template that it was made of. */
export function findForeignChange(
  ours: OurRevision,
  { state, isListed }: { readonly state: AppState; readonly isListed: boolean },
): string | null {
  const deployed = findForeignDeploy(ours, { state, isListed });
  if (deployed && !isBesidePreview(ours, state)) return deployed;
  const { mark, previous } = ours;
  if (previous.traffic === null || !state.ingress) return null;
  const expected = [...previouslyServing(previous), mark];
  const other = readTraffic(state.traffic).find(
    ({ revision, weight }) => weight > 0 && revision !== null && !expected.some((name) => isName(revision, name)),
  );
  return other ? `another deployment or user gave ${other.revision} ${other.weight}% of the traffic` : null;
}

function findForeignDeploy(
  ours: OurRevision,
  { state, isListed }: { readonly state: AppState; readonly isListed: boolean },
): string | null {
  const { mark, previous } = ours;
  const { latestRevision } = state;
  if (latestRevision !== '' && ![previous.latest, mark].some((name) => isName(name, latestRevision)))
    return `${latestRevision} was deployed after ours`;
  // Azure takes a template seconds before it lists the revision.
  const isReplaced = isListed && !isResumed(ours) && !hasTemplateOf(state, mark);
  return isReplaced ? 'the template of the app was changed after our deployment' : null;
}

/** Was the app's template made for this revision? */
export function hasTemplateOf({ template }: Pick<AppState, 'template'>, revision: string): boolean {
  return isName(textAt(template, 'revisionSuffix'), suffixOf(revision));
}

/**
 * Is the newest revision a preview that another user made, with the traffic by name and a label of their own? It has no share
 * of the traffic, so it disturbs no rollout. Without a label it is a deployment whose user expects it to serve.
 */
export function isBesidePreview({ mark, previous }: Pick<OurRevision, 'mark' | 'previous'>, state: AppState): boolean {
  if (previous.traffic === null || !state.ingress) return false;
  const now = readTraffic(state.traffic);
  const known = [...previouslyServing(previous), mark, restoreRevisionName(mark)];
  const isKnown = ({ revision, weight }: TrafficEntry): boolean =>
    weight === 0 || (revision !== null && known.some((name) => isName(revision, name)));
  return now.every(isKnown) && listAddedLabels(now, previousTraffic(previous)).length > 0;
}
