import { isSame, type JsonObject, objectAt, objectsAt, textAt } from '../../json.ts';
import { create, edit } from '../edit.ts';
import { hashOf } from '../names.ts';
import {
  annotationsOf,
  controllerReference,
  controllerUidOf,
  createdAt,
  labelsOf,
  nameOf,
  namespaceOf,
  numberAt,
  uidOf,
  withMetadata,
  withSpec,
} from '../object.ts';
import { DEPLOYMENTS, REPLICA_SETS } from '../resources.ts';
import type { ClusterWorld } from '../world.ts';
import { progressing } from './deployment-conditions.ts';
import { type Limits, resolveLimits } from './rollout-arithmetic.ts';

export const REVISION = 'deployment.kubernetes.io/revision';
const HISTORY = 'deployment.kubernetes.io/revision-history';
const DESIRED = 'deployment.kubernetes.io/desired-replicas';
const MOST = 'deployment.kubernetes.io/max-replicas';
const HASH = 'pod-template-hash';
/** What the controller doesn't copy to its ReplicaSets. */
const OWN = [
  'kubectl.kubernetes.io/last-applied-configuration',
  REVISION,
  HISTORY,
  DESIRED,
  MOST,
  'deprecated.deployment.rollback.to',
];

/** The oldest first. */
export function replicaSetsOf(world: ClusterWorld, deployment: JsonObject): readonly JsonObject[] {
  return world.store
    .list(REPLICA_SETS, namespaceOf(deployment))
    .filter((one) => controllerUidOf(one) === uidOf(deployment))
    .toSorted((a, b) => createdAt(a) - createdAt(b) || uidOf(a).localeCompare(uidOf(b)));
}

/** The one with the Deployment's template, the oldest where there are more; null: none. */
export function findFresh(deployment: JsonObject, sets: readonly JsonObject[]): JsonObject | null {
  const wanted = templateOf(deployment);
  return sets.find((one) => isSame(withoutHash(templateOf(one)), wanted)) ?? null;
}

/**
 * The ReplicaSet in force with its annotations as they shall be. Where `mayCreate` isn't set and there is none: null.
 * `written`: it was changed or made, so the controller looks again before it goes on.
 */
export function syncFresh(
  world: ClusterWorld,
  deployment: JsonObject,
  mayCreate: boolean,
): { readonly fresh: JsonObject | null; readonly written: boolean } {
  const sets = replicaSetsOf(world, deployment);
  const known = findFresh(deployment, sets);
  const revision = 1 + Math.max(0, ...sets.filter((one) => one !== known).map(revisionOf));
  if (!known)
    return mayCreate
      ? { fresh: createFresh(world, deployment, { sets, revision }), written: true }
      : { fresh: null, written: false };
  const noted = edit(world, REPLICA_SETS, {
    object: known,
    change: (one) =>
      withSpec(withNotes(one, deployment, revision), {
        minReadySeconds: objectAt(deployment, 'spec')['minReadySeconds'],
      }),
  });
  if (noted !== known) return { fresh: noted, written: true };
  noteRevision(world, deployment, { revision: revisionOf(noted), found: nameOf(noted) });
  return { fresh: noted, written: false };
}

function createFresh(
  world: ClusterWorld,
  deployment: JsonObject,
  { sets, revision }: { readonly sets: readonly JsonObject[]; readonly revision: number },
): JsonObject {
  const template = templateOf(deployment);
  const hash = hashOf(template);
  const selector = objectAt(deployment, 'spec', 'selector');
  const labelled = withMetadata(template, { labels: { ...labelsOf(template), [HASH]: hash } });
  const set: JsonObject = {
    ...{ apiVersion: 'apps/v1', kind: 'ReplicaSet' },
    metadata: {
      ...{ name: `${nameOf(deployment)}-${hash}`, namespace: namespaceOf(deployment), labels: labelsOf(labelled) },
      ownerReferences: [controllerReference(deployment)],
    },
    spec: {
      replicas: firstSize(deployment, sets),
      selector: { ...selector, matchLabels: { ...objectAt(selector, 'matchLabels'), [HASH]: hash } },
      template: labelled,
    },
  };
  const minReadySeconds = objectAt(deployment, 'spec')['minReadySeconds'];
  const timed = minReadySeconds === undefined ? set : withSpec(set, { minReadySeconds });
  const fresh = create(world, REPLICA_SETS, withSizeNotes(withNotes(timed, deployment, revision), deployment));
  noteRevision(world, deployment, { revision, created: nameOf(fresh) });
  return fresh;
}

/** In a rolling update as much as there is room for; in a replacement all of it. */
function firstSize(deployment: JsonObject, sets: readonly JsonObject[]): number {
  const replicas = numberAt(deployment, 'spec', 'replicas');
  if (textAt(deployment, 'spec', 'strategy', 'type') === 'Recreate') return replicas;
  const total = sets.reduce((count, one) => count + numberAt(one, 'spec', 'replicas'), 0);
  return Math.max(0, Math.min(replicas, replicas + limitsOf(deployment).maxSurge - total));
}

export function limitsOf(deployment: JsonObject): Limits {
  const { maxSurge, maxUnavailable } = objectAt(deployment, 'spec', 'strategy', 'rollingUpdate');
  const isRolling = textAt(deployment, 'spec', 'strategy', 'type') === 'RollingUpdate';
  if (!isRolling) return { maxSurge: 0, maxUnavailable: 0 };
  return resolveLimits(
    maxSurge as number | string,
    maxUnavailable as number | string,
    numberAt(deployment, 'spec', 'replicas'),
  );
}

/** Copies the Deployment's annotations and counts the revision up; a ReplicaSet that is used again remembers its old ones. */
function withNotes(set: JsonObject, deployment: JsonObject, revision: number): JsonObject {
  const copied = Object.fromEntries(Object.entries(annotationsOf(deployment)).filter(([name]) => !OWN.includes(name)));
  const before = annotationsOf(set);
  const old = Number(before[REVISION] ?? 0);
  const counted = old >= revision ? {} : { [REVISION]: String(revision), ...historyWith(before, old) };
  return withMetadata(set, { annotations: { ...before, ...copied, ...counted } });
}

function historyWith(annotations: Readonly<Record<string, string>>, old: number): JsonObject {
  if (old === 0) return {};
  const history = annotations[HISTORY];
  return { [HISTORY]: history ? `${history},${old}` : String(old) };
}

export function withSizeNotes(set: JsonObject, deployment: JsonObject): JsonObject {
  const replicas = numberAt(deployment, 'spec', 'replicas');
  const notes = { [DESIRED]: String(replicas), [MOST]: String(replicas + limitsOf(deployment).maxSurge) };
  return withMetadata(set, { annotations: { ...annotationsOf(set), ...notes } });
}

/** The Deployment was scaled since this ReplicaSet was. */
export function isScaledSince(set: JsonObject, deployment: JsonObject): boolean {
  const noted = annotationsOf(set)[DESIRED];
  return noted !== undefined && Number(noted) !== numberAt(deployment, 'spec', 'replicas');
}

/** By way of the status, so that it doesn't count as a change of the specification. */
function noteRevision(
  world: ClusterWorld,
  deployment: JsonObject,
  { revision, created, found }: { readonly revision: number; readonly created?: string; readonly found?: string },
): void {
  edit(world, DEPLOYMENTS, {
    object: deployment,
    subresource: 'status',
    change: (one) => {
      const noted = withMetadata(one, { annotations: { ...annotationsOf(one), [REVISION]: String(revision) } });
      if (created !== undefined)
        return progressing(world, noted, {
          status: 'True',
          reason: 'NewReplicaSetCreated',
          message: `Created new replica set "${created}"`,
        });
      const isKnown = objectsAt(one, 'status', 'conditions').some(({ type }) => type === 'Progressing');
      return isKnown
        ? noted
        : progressing(world, noted, {
            status: 'True',
            reason: 'FoundNewReplicaSet',
            message: `Found new replica set "${found}"`,
          });
    },
  });
}

export function revisionOf(set: JsonObject): number {
  return Number(annotationsOf(set)[REVISION] ?? 0);
}

function templateOf(object: JsonObject): JsonObject {
  return objectAt(object, 'spec', 'template');
}

function withoutHash(template: JsonObject): JsonObject {
  const { [HASH]: _, ...labels } = labelsOf(template);
  return withMetadata(template, { labels });
}
