import { isSame, type JsonObject, objectAt, textAt } from '../../json.ts';
import { deleteObject } from '../delete.ts';
import { create, edit } from '../edit.ts';
import { hashOf } from '../names.ts';
import {
  annotationsOf,
  controllerReference,
  controllerUidOf,
  labelsOf,
  nameOf,
  namespaceOf,
  numberAt,
  uidOf,
  withMetadata,
} from '../object.ts';
import { CONTROLLER_REVISIONS } from '../resources.ts';
import type { ClusterWorld } from '../world.ts';

/** What a StatefulSet or DaemonSet was, and is, in numbered revisions: its templates. */

export const REVISION_LABEL = 'controller-revision-hash';

/** The oldest first. */
export function revisionsOf(world: ClusterWorld, owner: JsonObject): readonly JsonObject[] {
  return world.store
    .list(CONTROLLER_REVISIONS, namespaceOf(owner))
    .filter((one) => controllerUidOf(one) === uidOf(owner))
    .toSorted((a, b) => numberAt(a, 'revision') - numberAt(b, 'revision'));
}

/** The revision of the template in force; one that was there before is used again, with a new number. */
export function syncRevision(world: ClusterWorld, owner: JsonObject): JsonObject {
  const data = { spec: { template: { ...objectAt(owner, 'spec', 'template'), $patch: 'replace' } } };
  const all = revisionsOf(world, owner);
  const last = all.at(-1);
  const known = all.find((one) => isSame(one['data'], data));
  if (known && known === last) return known;
  const revision = (last ? numberAt(last, 'revision') : 0) + 1;
  if (known) return edit(world, CONTROLLER_REVISIONS, { object: known, change: (one) => ({ ...one, revision }) });
  const hash = hashOf(data);
  const annotations = annotationsOf(owner);
  const own = owner['kind'] === 'DaemonSet' ? REVISION_LABEL : 'controller.kubernetes.io/hash';
  const labels = { ...labelsOf(objectAt(owner, 'spec', 'template')), [own]: hash };
  const metadata = {
    name: `${nameOf(owner)}-${hash}`,
    namespace: namespaceOf(owner),
    labels,
    annotations,
    ownerReferences: [controllerReference(owner)],
  };
  return create(world, CONTROLLER_REVISIONS, {
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata,
    data,
    revision,
  });
}

/** Old ones beyond the history limit, but none that a pod is of. */
export function forgetRevisions(world: ClusterWorld, owner: JsonObject, used: readonly string[]): void {
  const limit = numberAt(owner, 'spec', 'revisionHistoryLimit');
  const idle = revisionsOf(world, owner).filter((one) => !used.includes(nameOf(one)));
  for (const one of idle.slice(0, Math.max(0, idle.length - limit)))
    deleteObject(world, CONTROLLER_REVISIONS, one, { options: {}, dryRun: false });
}

/** Its template, marked with the revision. `label`: what the mark is. */
export function templateOf(revision: JsonObject, label: string): JsonObject {
  const { $patch: _, ...template } = objectAt(revision, 'data', 'spec', 'template');
  return withMetadata(template, { labels: { ...labelsOf(template), [REVISION_LABEL]: label } });
}

export function revisionOfPod(pod: JsonObject): string {
  return textAt(pod, 'metadata', 'labels', REVISION_LABEL);
}
