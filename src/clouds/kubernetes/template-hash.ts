import { createHash } from 'node:crypto';
import { canonical, isJsonObject, type JsonObject, listAt, objectAt, textAt } from '../../model/json.ts';

const LABEL = 'pod-template-hash';
const LENGTH = 20;

/** The pod template of a Deployment, StatefulSet, DaemonSet or ReplicaSet. */
export function templateOf(object: JsonObject): JsonObject {
  return objectAt(object, 'spec', 'template');
}

/**
 * The template that a ReplicaSet or ControllerRevision keeps, in the words of the object's own. A ReplicaSet's has one label
 * more, and a ControllerRevision's is a patch (`$patch: replace`).
 */
export function keptTemplate(kept: JsonObject): JsonObject {
  const template = 'data' in kept ? objectAt(kept, 'data', 'spec', 'template') : templateOf(kept);
  return contentOf(template);
}

/** Equal for two templates that make equal pods. */
export function hashTemplate(template: JsonObject): string {
  return createHash('sha256')
    .update(canonical(contentOf(template)))
    .digest('hex')
    .slice(0, LENGTH);
}

/**
 * Equal for two templates with equal containers and images, whatever else differs: for where an admission policy makes each
 * answer different.
 */
export function hashImages(template: JsonObject): string {
  const names = (list: string) =>
    listAt(template, 'spec', list).map((container) => [textAt(container, 'name'), textAt(container, 'image')]);
  const images = [names('initContainers'), names('containers')];
  return createHash('sha256').update(canonical(images)).digest('hex').slice(0, LENGTH);
}

/** Without what only a kept copy has. Older API servers write `creationTimestamp: null` into some copies and not into others. */
function contentOf(template: JsonObject): JsonObject {
  const { $patch: _, metadata, ...rest } = template;
  if (!isJsonObject(metadata)) return rest;
  const { labels, creationTimestamp, ...others } = metadata;
  const { [LABEL]: __, ...kept } = objectAt(metadata, 'labels');
  const time = creationTimestamp === null || creationTimestamp === undefined ? {} : { creationTimestamp };
  const own = isJsonObject(labels) && Object.keys(kept).length > 0 ? { labels: kept } : {};
  return { ...rest, metadata: { ...others, ...time, ...own } };
}
