import { type JsonObject, objectsAt, textAt } from '../../json.ts';
import { numberOf } from '../json.ts';
import type { GoogleWorld } from '../world.ts';
import { endOperations } from './operations.ts';
import { startRevision } from './revision-life.ts';
import { findRevision, isReconciling, type Revision, type Route, type Service, type Trouble } from './state.ts';

const LATEST: JsonObject = { type: 'TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST', percent: 100 };

/** Works towards the service's newest generation. `created`: the revision that it asks for, when it is a new one. */
export function startRollout(world: GoogleWorld, service: Service, created: Revision | null): void {
  service.configurationTrouble = null;
  service.routeTrouble = null;
  service.transitionAt = world.queue.now;
  if (created) startRevision({ world, service, settled: () => revisionSettled(world, service) }, created);
  else world.queue.add(world.queue.now + service.staging.createMs, () => revisionSettled(world, service));
}

/** The traffic table as it would be now. null in place of a revision that isn't there. */
export function planRoutes(
  service: Service,
): readonly (Omit<Route, 'revision'> & { revision: Revision | null; id: string })[] {
  const targets = objectsAt(service.config, 'traffic');
  return (targets.length > 0 ? targets : [LATEST]).map((target) => {
    const id = textAt(target, 'revision');
    const kind = id === '' ? ('latest' as const) : ('revision' as const);
    const revision = kind === 'latest' ? service.latestReady : findRevision(service, id);
    return { kind, id, revision, percent: numberOf(target, 'percent'), tag: textAt(target, 'tag') };
  });
}

/** A new etag, as after every change of the resource, by a user or by the platform. */
export function touch(world: GoogleWorld, service: Service): void {
  service.etag = `"${Buffer.from(`${service.uid}/${world.nextNumber()}`).toString('base64url')}"`;
}

/** The newest revision is ready or has failed: the configuration's part of the answer is known. */
function revisionSettled(world: GoogleWorld, service: Service): void {
  const { latestCreated } = service;
  if (!isReconciling(service) || latestCreated?.state === 'pending') return;
  service.transitionAt = world.queue.now;
  if (latestCreated?.state === 'failed') {
    service.configurationTrouble = notReady(latestCreated);
    // What this change asked for never came to be: everything stays as it was. A later change of the traffic alone is
    // still made, although the service as a whole stays failed until its template is another.
    if (service.templateGeneration === service.generation) return void settle(world, service, false);
  } else service.latestReady = latestCreated;
  const { generation } = service;
  world.queue.add(world.queue.now + service.staging.routeMs, () => {
    if (service.generation === generation) route(world, service);
  });
}

function route(world: GoogleWorld, service: Service): void {
  const routes = planRoutes(service);
  const trouble = service.staging.failRoutes ?? routes.map(troubleOf).find((found) => found !== null) ?? null;
  service.routeTrouble = trouble;
  if (!trouble) service.routes = routes.map(({ id: _, ...target }) => ({ ...target, revision: target.revision! }));
  settle(world, service, trouble === null && service.configurationTrouble === null);
}

function settle(world: GoogleWorld, service: Service, succeeded: boolean): void {
  service.settledGeneration = service.generation;
  if (succeeded) service.observedGeneration = service.generation;
  service.transitionAt = world.queue.now;
  touch(world, service);
  endOperations(world, service);
}

/** https://github.com/terraform-google-modules/terraform-docs-samples/pull/269 */
function troubleOf({ id, revision }: { readonly id: string; readonly revision: Revision | null }): Trouble | null {
  if (revision?.state === 'ready') return null;
  if (revision) return notReady(revision);
  const message = `Revision '${id}' does not exist or is deleted. Update all traffic to route to currently available revisions.`;
  return { why: { reason: 'UNKNOWN' }, message };
}

/** Also for a revision that failed long ago and is still named: https://github.com/Lore-Hex/quill-router/pull/782 */
function notReady({ id, trouble }: Revision): Trouble {
  return {
    why: { reason: 'REVISION_FAILED' },
    message: `Revision '${id}' is not ready and cannot serve traffic. ${trouble?.message ?? ''}`.trimEnd(),
  };
}
