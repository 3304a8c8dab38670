import { type JsonObject, listAt, numberAt, objectAt, textAt, textsAt } from '../../model/json.ts';
import type { ClusterWorkload } from './cluster-workload.ts';
import { hashTemplate, keptTemplate, templateOf } from './template-hash.ts';
import { listPath, type WorkloadKind } from './workload-kind.ts';

const REVISION = 'deployment.kubernetes.io/revision';

/** A template that the controller keeps: a ReplicaSet of a Deployment, a ControllerRevision of the others. */
export interface KeptRevision {
  readonly name: string;
  readonly uid: string;
  readonly hash: string;
  /** As kubectl counts them. */
  readonly revision: number;
  /** What the label of its pods says. */
  readonly podValue: string;
  readonly object: JsonObject;
}

/** All that the controller keeps of this object, the newest first. */
export async function readHistory(run: ClusterWorkload, object: JsonObject): Promise<readonly KeptRevision[]> {
  const { kind, namespace, api } = run;
  const found = await api.list(listPath(kind.history, namespace), { labelSelector: selectorOf(object) });
  const uid = textAt(object, 'metadata', 'uid');
  return found
    .filter((kept) => isOwnedBy(kept, uid))
    .map((kept) => toKept(kept, kind))
    .sort((one, other) => other.revision - one.revision);
}

/** The one that was made of the template that the object has; null: not yet. */
export function findCurrent(history: readonly KeptRevision[], object: JsonObject): KeptRevision | null {
  const hash = hashTemplate(templateOf(object));
  return history.find((kept) => kept.hash === hash) ?? null;
}

/** One of them as it is now; null: it is gone. */
export async function readKept({ kind, namespace, api }: ClusterWorkload, name: string): Promise<KeptRevision | null> {
  const found = await api.find(`${listPath(kind.history, namespace)}/${encodeURIComponent(name)}`);
  return found && toKept(found, kind);
}

export function isOwnedBy(object: JsonObject, uid: string): boolean {
  return listAt(object, 'metadata', 'ownerReferences').some(
    (owner) => textAt(owner, 'uid') === uid && owner['controller'] === true,
  );
}

function toKept(object: JsonObject, kind: WorkloadKind): KeptRevision {
  const labels = objectAt(object, 'metadata', 'labels');
  const name = textAt(object, 'metadata', 'name');
  const isReplicaSet = kind.history === 'replicasets';
  return {
    name,
    uid: textAt(object, 'metadata', 'uid'),
    hash: hashTemplate(keptTemplate(object)),
    revision: isReplicaSet ? numberAt(object, 'metadata', 'annotations', REVISION) : numberAt(object, 'revision'),
    // A StatefulSet's pods name the ControllerRevision itself.
    podValue: kind.name === 'StatefulSet' ? name : textAt(labels, kind.podLabel),
    object,
  };
}

/** `app=web,tier in (a,b)` */
export function selectorOf(object: JsonObject): string {
  const selector = objectAt(object, 'spec', 'selector');
  const labels = Object.entries(objectAt(selector, 'matchLabels')).map(([key, value]) => `${key}=${String(value)}`);
  const expressions = listAt(selector, 'matchExpressions').map((expression) => {
    const [key, values] = [textAt(expression, 'key'), textsAt(expression, 'values').join(',')];
    switch (textAt(expression, 'operator')) {
      case 'In':
        return `${key} in (${values})`;
      case 'NotIn':
        return `${key} notin (${values})`;
      case 'Exists':
        return key;
      default:
        return `!${key}`;
    }
  });
  return [...labels, ...expressions].join(',');
}
