import { type JsonObject, objectAt, textAt } from '../../json.ts';
import { nameOf, namespaceOf, numberAt, withMetadata, withSpec } from '../object.ts';

/** The object as its /scale shows it. */
export function toScale(object: JsonObject): JsonObject {
  const { uid, resourceVersion, creationTimestamp } = objectAt(object, 'metadata');
  const replicas = numberAt(object, 'spec', 'replicas');
  const labels = Object.entries(objectAt(object, 'spec', 'selector', 'matchLabels'));
  return {
    ...{ kind: 'Scale', apiVersion: 'autoscaling/v1' },
    metadata: { name: nameOf(object), namespace: namespaceOf(object), uid, resourceVersion, creationTimestamp },
    // Zero is left out, as Go does it.
    spec: replicas === 0 ? {} : { replicas },
    status: {
      replicas: numberAt(object, 'status', 'replicas'),
      selector: labels.map(([name, value]) => `${name}=${value}`).join(','),
    },
  };
}

/** The object with what a changed scale says. */
export function fromScale(object: JsonObject, scale: JsonObject): JsonObject {
  const scaled = withSpec(object, { replicas: numberAt(scale, 'spec', 'replicas') });
  const resourceVersion = textAt(scale, 'metadata', 'resourceVersion');
  return resourceVersion === '' ? scaled : withMetadata(scaled, { resourceVersion });
}
