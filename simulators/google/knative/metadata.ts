import type { JsonObject } from '../../json.ts';
import { toTime } from '../json.ts';
import type { GoogleWorld } from '../world.ts';

interface Named {
  readonly name: string;
  readonly uid: string;
  readonly createdAt: number;
  readonly generation: number;
  readonly labels: JsonObject;
  readonly annotations: JsonObject;
}

/** https://cloud.google.com/run/docs/reference/rest/v1/ObjectMeta */
export function metadataOf(world: GoogleWorld, collection: string, named: Named): JsonObject {
  const { name, uid, createdAt, generation, labels, annotations } = named;
  return {
    ...{ name, namespace: world.projectNumber, uid, generation, labels, annotations },
    selfLink: `/apis/serving.knative.dev/v1/namespaces/${world.projectNumber}/${collection}/${name}`,
    resourceVersion: Buffer.from(`${uid}/${generation}`).toString('base64url'),
    creationTimestamp: toTime(createdAt),
  };
}
