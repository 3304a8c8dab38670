import type { JsonObject } from '../../json.ts';
import { GoogleError } from '../google-error.ts';
import type { RunCall } from './call.ts';
import { findService, findVisibleRevision, parentOf } from './find.ts';
import { viewDone } from './operations.ts';
import { pageOf } from './page.ts';
import { touch } from './rollout.ts';
import { viewRevision } from './view.ts';

const REVISION_TYPE = 'type.googleapis.com/google.cloud.run.v2.Revision';

export function getRevision({ world, name }: RunCall): JsonObject {
  world.access.authorize('run.revisions.get', name);
  const service = findService(world, name);
  return viewRevision(world, service, findVisibleRevision(world, service, name.split('/').at(-1) ?? ''));
}

/** The newest first. */
export function listRevisions({ world, name, query }: RunCall): JsonObject {
  world.access.authorize('run.revisions.list', parentOf(name));
  const service = findService(world, name);
  const visible = service.revisions.filter((revision) => revision.visible).toReversed();
  return pageOf(
    'revisions',
    visible.map((revision) => viewRevision(world, service, revision)),
    query,
  );
}

/** https://cloud.google.com/run/docs/managing/revisions#delete */
export function deleteRevision({ world, name }: RunCall): JsonObject {
  world.access.authorize('run.revisions.delete', name);
  const service = findService(world, name);
  const revision = findVisibleRevision(world, service, name.split('/').at(-1) ?? '');
  const serves = service.routes.some((route) => route.revision === revision);
  if (serves || revision === service.latestCreated) {
    const why = serves ? 'is actively serving traffic' : 'is the latest created Revision';
    throw new GoogleError('FAILED_PRECONDITION', `Revision '${revision.id}' ${why} and cannot be deleted.`);
  }
  service.revisions = service.revisions.filter((other) => other !== revision);
  touch(world, service);
  return viewDone(world, viewRevision(world, service, revision), REVISION_TYPE);
}
