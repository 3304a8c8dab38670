import { type JsonObject, objectAt } from '../../json.ts';
import { logsUrlOf } from '../run/names.ts';
import { revisionConditionsOf } from '../run/revision-conditions.ts';
import { ingressOf, type Revision, type Service } from '../run/state.ts';
import type { GoogleWorld } from '../world.ts';
import { toKnativeCondition } from './condition.ts';
import { metadataOf } from './metadata.ts';
import { annotationsOf, toKnativeSpec } from './template.ts';

/** https://cloud.google.com/run/docs/reference/rest/v1/namespaces.revisions#Revision */
export function viewKnativeRevision(world: GoogleWorld, service: Service, revision: Revision): JsonObject {
  const { id, template, containers, createdAt } = revision;
  const digestOf = ({ image, digest }: { image: string; digest: string }): string =>
    digest === '' ? '' : `${image.replace(/[@].*$|:[^/]*$/, '')}@${digest}`;
  return {
    apiVersion: 'serving.knative.dev/v1',
    kind: 'Revision',
    metadata: metadataOf(world, 'revisions', {
      ...{ name: id, uid: `${service.uid.slice(0, 24)}${String(revision.generation).padStart(12, '0')}` },
      ...{ createdAt, generation: 1 },
      labels: {
        ...objectAt(template, 'labels'),
        'serving.knative.dev/service': service.id,
        'serving.knative.dev/configuration': service.id,
        'serving.knative.dev/configurationGeneration': String(revision.generation),
        'cloud.googleapis.com/location': world.region,
      },
      annotations: { ...annotationsOf(template), 'serving.knative.dev/creator': service.creator },
    }),
    spec: toKnativeSpec(template),
    status: {
      observedGeneration: 1,
      conditions: revisionConditionsOf(service, revision).map(toKnativeCondition),
      logUrl: logsUrlOf(world, revision),
      imageDigest: digestOf(ingressOf(revision)),
      containerStatuses: containers.map((container) => ({
        name: container.name,
        imageDigest: digestOf(container),
      })),
    },
  };
}
