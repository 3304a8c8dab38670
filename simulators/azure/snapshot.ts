import type { JsonObject } from '../json.ts';
import { scaleOf } from './apps/revision-life.ts';
import { canServe } from './apps/revision-state.ts';
import type { ContainerApp, Revision } from './apps/state.ts';
import { labelsInForce, weightInForce } from './apps/traffic.ts';
import { without } from './json-merge-patch.ts';

/**
 * What may differ after a change was made and taken back: names and times of revisions, and the list of those that are
 * inactive. Everything else in a snapshot is what was configured or what serves. `*` stands for each list item.
 */
export const AUDIT_FIELDS = [
  'systemData',
  'inactiveRevisions',
  'latestRevision',
  'document.properties.template.revisionSuffix',
  'activeRevisions.*.name',
  'activeRevisions.*.createdAt',
  'activeRevisions.*.template.revisionSuffix',
] as const;

/** Everything that a user configures on an app and everything that serves its traffic, as plain JSON. */
export function snapshotOf(app: ContainerApp): JsonObject {
  const { revisions, authConfigs } = app;
  return {
    id: app.id,
    environment: app.environment.id,
    provisioningState: app.provisioningState,
    runningStatus: app.runningStatus,
    systemData: { lastModifiedAt: app.lastModifiedAt, lastModifiedBy: app.lastModifiedBy },
    document: app.document,
    mode: app.mode,
    traffic: app.traffic.map(({ revision, weight, label }) => ({ revision, weight, label })),
    authConfigs: Object.fromEntries(authConfigs),
    latestRevision: revisions.at(-1)?.name ?? null,
    activeRevisions: revisions.filter(({ active }) => active).map((revision) => snapshotRevision(app, revision)),
    inactiveRevisions: revisions.filter(({ active }) => !active).map(({ name }) => name),
  };
}

/** The snapshot without the audit fields: equal before and after means "exactly as before". */
export function withoutAudit(snapshot: JsonObject, fields: readonly string[] = AUDIT_FIELDS): JsonObject {
  return fields.reduce<JsonObject>((rest, path) => without(rest, path.split('.')) as JsonObject, snapshot);
}

/** How many replicas run is the load's doing, not the user's; what may run is in the template. */
function snapshotRevision(app: ContainerApp, revision: Revision): JsonObject {
  const images = revision.replicas.flatMap(({ containers }) =>
    containers.map(({ name, digest }) => `${name} ${digest}`),
  );
  return {
    name: revision.name,
    createdAt: revision.createdAt,
    template: revision.template,
    weight: weightInForce(app, revision),
    labels: labelsInForce(app, revision),
    serves: canServe(revision),
    ...(scaleOf(revision).minReplicas > 0 ? { running: [...new Set(images)].sort() } : {}),
  };
}
