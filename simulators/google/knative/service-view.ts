import { type JsonObject, objectAt } from '../../json.ts';
import { withoutDefaults } from '../json.ts';
import { serviceConditionsOf, terminalConditionOf } from '../run/conditions.ts';
import { hostnamesOf } from '../run/names.ts';
import type { Route, Service } from '../run/state.ts';
import type { GoogleWorld } from '../world.ts';
import { toKnativeCondition } from './condition.ts';
import { metadataOf } from './metadata.ts';
import { toKnativeTemplate } from './template.ts';

/** https://cloud.google.com/run/docs/reference/rest/v1/namespaces.services#Service */
export function viewKnativeService(world: GoogleWorld, service: Service): JsonObject {
  const { config, latestCreated, latestReady } = service;
  const [hostname] = hostnamesOf(world, service);
  const url = `https://${hostname}`;
  const created = latestCreated?.visible ? latestCreated : latestReady;
  return {
    apiVersion: 'serving.knative.dev/v1',
    kind: 'Service',
    metadata: metadataOf(world, 'services', {
      ...{ name: service.id, uid: service.uid, createdAt: service.createdAt, generation: service.generation },
      labels: { ...objectAt(config, 'labels'), 'cloud.googleapis.com/location': world.region },
      annotations: {
        ...objectAt(config, 'annotations'),
        'serving.knative.dev/creator': service.creator,
        'serving.knative.dev/lastModifier': service.lastModifier,
        'run.googleapis.com/ingress': ingressOf(String(config['ingress'] ?? '')),
      },
    }),
    spec: {
      template: toKnativeTemplate(objectAt(config, 'template')),
      traffic: targetsOf(config).map((target) => toKnativeTarget(target)),
    },
    status: withoutDefaults({
      observedGeneration: service.settledGeneration,
      conditions: [terminalConditionOf(service), ...serviceConditionsOf(service)].map(toKnativeCondition),
      latestReadyRevisionName: latestReady?.id ?? '',
      latestCreatedRevisionName: created?.id ?? '',
      traffic: service.routes.map((route) => viewRoute(hostname, route)),
      url,
      address: { url },
    }),
  };
}

function targetsOf(config: JsonObject): readonly JsonObject[] {
  const targets = config['traffic'];
  const latest = { type: 'TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST', percent: 100 };
  return Array.isArray(targets) && targets.length > 0 ? (targets as JsonObject[]) : [latest];
}

function toKnativeTarget({ revision, percent, tag }: JsonObject): JsonObject {
  const which = revision ? { revisionName: revision } : { latestRevision: true };
  return { ...which, percent: percent ?? 0, ...(tag ? { tag } : {}) };
}

/** Unlike v2, it says which revision the latest is. */
function viewRoute(hostname: string, { kind, revision, percent, tag }: Route): JsonObject {
  return {
    ...{ revisionName: revision.id, percent },
    ...(kind === 'latest' ? { latestRevision: true } : {}),
    ...(tag === '' ? {} : { tag, url: `https://${tag}---${hostname}` }),
  };
}

/** INGRESS_TRAFFIC_INTERNAL_ONLY -> internal */
function ingressOf(ingress: string): string {
  const words: Readonly<Record<string, string>> = {
    INGRESS_TRAFFIC_INTERNAL_ONLY: 'internal',
    INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER: 'internal-and-cloud-load-balancing',
    INGRESS_TRAFFIC_NONE: 'none',
  };
  return words[ingress] ?? 'all';
}
