import { at, type JsonObject, objectAt, objectsAt, textAt } from '../../json.ts';
import type { AzureWorld } from '../world.ts';
import { modeOf, weightOf } from './check-app.ts';
import { isName, latestReady } from './find.ts';
import { deactivate } from './revision-life.ts';
import type { ContainerApp, Revision, TrafficEntry } from './state.ts';

/** How long an old revision goes on after it has been replaced in Single mode. */
const REPLACED_AFTER_MS = 10_000;
const DEFAULT_MAX_INACTIVE = 100;
const TO_LATEST: JsonObject = { weight: 100, latestRevision: true };

/** Puts the traffic of the document in force. `revision`: the one that the change made. */
export function applyTraffic(world: AzureWorld, app: ContainerApp, revision: Revision | null): void {
  if (app.mode === 'Single') app.document = withTraffic(app.document, [TO_LATEST]);
  if (app.mode === 'Labels' && revision) app.document = withTraffic(app.document, relabel(app, revision));
  const entries = objectsAt(app.document, 'properties', 'configuration', 'ingress', 'traffic');
  const wanted = entries.length === 0 ? [TO_LATEST] : entries;
  if (entries.length === 0) app.document = withTraffic(app.document, wanted);
  app.traffic = wanted.map(toEntry);
  if (app.mode === 'Labels') deactivateUnlabelled(app);
  if (app.mode === 'Single') endReplaced(world, app);
  forgetInactive(app);
}

/** `latestRevision` leads to it from now on; in Single mode it replaces the others. */
export function revisionBecameReady(world: AzureWorld, app: ContainerApp, revision: Revision): void {
  if (app.mode === 'Single' && latestReady(app) === revision) endReplaced(world, app);
}

/** The target of the next request, by weight; null: none. */
export function chooseByWeight(app: ContainerApp): Revision | null {
  const entries = app.traffic.filter(({ weight }) => weight > 0);
  const total = entries.reduce((sum, { weight }) => sum + weight, 0);
  let chosen: TrafficEntry | null = null;
  for (const entry of entries) {
    entry.credit += entry.weight;
    if (!chosen || entry.credit > chosen.credit) chosen = entry;
  }
  if (!chosen) return null;
  chosen.credit -= total;
  return resolve(app, chosen);
}

export function findByLabel(app: ContainerApp, label: string): Revision | null {
  const entry = app.traffic.find((candidate) => candidate.label !== null && isName(candidate.label, label));
  return entry ? resolve(app, entry) : null;
}

/** The part of all requests that the traffic in force gives it. */
export function weightInForce(app: ContainerApp, revision: Revision): number {
  return app.traffic.filter((entry) => resolve(app, entry) === revision).reduce((sum, { weight }) => sum + weight, 0);
}

export function labelsInForce(app: ContainerApp, revision: Revision): readonly string[] {
  return app.traffic
    .filter((entry) => entry.label !== null && resolve(app, entry) === revision)
    .map(({ label }) => label ?? '');
}

function resolve(app: ContainerApp, { revision: name }: TrafficEntry): Revision | null {
  if (name === null) return latestReady(app);
  return app.revisions.find((revision) => revision.active && isName(revision.name, name)) ?? null;
}

function toEntry(entry: JsonObject): TrafficEntry {
  const isLatest = at(entry, 'latestRevision') === true;
  return {
    revision: isLatest ? null : textAt(entry, 'revisionName'),
    weight: weightOf(entry),
    label: textAt(entry, 'label') || null,
    credit: 0,
  };
}

function withTraffic(document: JsonObject, traffic: readonly JsonObject[]): JsonObject {
  const configuration = objectAt(document, 'properties', 'configuration');
  // Without ingress there is nothing to split.
  if (at(configuration, 'ingress') === undefined) return document;
  const ingress = { ...objectAt(configuration, 'ingress'), traffic };
  return {
    ...document,
    properties: { ...objectAt(document, 'properties'), configuration: { ...configuration, ingress } },
  };
}

/** In Labels mode the target label moves to the new revision: https://learn.microsoft.com/azure/container-apps/deployment-labels */
function relabel(app: ContainerApp, revision: Revision): readonly JsonObject[] {
  const configuration = objectAt(app.document, 'properties', 'configuration');
  const label = textAt(configuration, 'targetLabel');
  const entries = objectsAt(configuration, 'ingress', 'traffic').filter((entry) => textAt(entry, 'label') !== '');
  const before = entries.find((entry) => isName(textAt(entry, 'label'), label));
  const weight = before ? weightOf(before) : entries.length === 0 ? 100 : 0;
  return [
    ...entries.filter((entry) => entry !== before),
    ...(label === '' ? [] : [{ revisionName: revision.name, weight, label }]),
  ];
}

function deactivateUnlabelled(app: ContainerApp): void {
  const labelled = new Set(app.traffic.map(({ revision }) => revision?.toLowerCase()));
  for (const revision of app.revisions) {
    if (revision.active && !labelled.has(revision.name.toLowerCase())) deactivate(revision);
  }
}

/** The old one serves until the new one is ready, and is then ended. */
function endReplaced(world: AzureWorld, app: ContainerApp): void {
  const newest = latestReady(app);
  if (!newest) return;
  world.queue.add(world.queue.now + REPLACED_AFTER_MS, () => {
    if (modeOf(app.document) !== 'Single' || latestReady(app) !== newest) return;
    for (const revision of app.revisions.slice(0, app.revisions.indexOf(newest))) {
      if (revision.active) deactivate(revision);
    }
    forgetInactive(app);
  });
}

export function forgetInactive(app: ContainerApp): void {
  const limit = at(app.document, 'properties', 'configuration', 'maxInactiveRevisions');
  const kept = typeof limit === 'number' ? limit : DEFAULT_MAX_INACTIVE;
  const inactive = app.revisions.filter(({ active }) => !active);
  const gone = new Set(inactive.slice(0, Math.max(0, inactive.length - kept)));
  app.revisions = app.revisions.filter((revision) => !gone.has(revision));
}
