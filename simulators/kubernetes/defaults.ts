import { isObject, type Json, type JsonObject, objectAt, objectsAt, textAt } from '../json.ts';
import { labelsOf, nameOf, withMetadata, withoutAbsent } from './object.ts';
import {
  DAEMON_SETS,
  DEPLOYMENTS,
  JOBS,
  NAMESPACES,
  PODS,
  REPLICA_SETS,
  type ResourceKind,
  SERVICES,
  STATEFUL_SETS,
} from './resources.ts';

/** What the API server adds to an object of the user. https://kubernetes.io/docs/reference/kubernetes-api/ */
export function withDefaults(kind: ResourceKind, object: JsonObject): JsonObject {
  if (kind === NAMESPACES)
    return withMetadata(object, { labels: { ...labelsOf(object), 'kubernetes.io/metadata.name': nameOf(object) } });
  const add = SPECS.get(kind);
  return add ? { ...object, spec: add(objectAt(object, 'spec')) } : object;
}

type Add = (spec: JsonObject) => JsonObject;

const QUARTERS = { maxSurge: '25%', maxUnavailable: '25%' };

const SPECS = new Map<ResourceKind, Add>([
  [PODS, (spec) => podDefaults(spec)],
  [
    DEPLOYMENTS,
    (spec) => ({
      ...{ progressDeadlineSeconds: 600, replicas: 1, revisionHistoryLimit: 10 },
      ...spec,
      strategy: rollingDefaults(objectAt(spec, 'strategy'), QUARTERS),
      template: templateDefaults(spec),
    }),
  ],
  [REPLICA_SETS, (spec) => ({ replicas: 1, ...spec, template: templateDefaults(spec) })],
  [
    STATEFUL_SETS,
    (spec) => ({
      ...{ podManagementPolicy: 'OrderedReady', replicas: 1, revisionHistoryLimit: 10 },
      ...{ persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' } },
      ...spec,
      template: templateDefaults(spec),
      updateStrategy: rollingDefaults(objectAt(spec, 'updateStrategy'), { partition: 0 }),
    }),
  ],
  [
    DAEMON_SETS,
    (spec) => ({
      revisionHistoryLimit: 10,
      ...spec,
      template: templateDefaults(spec),
      updateStrategy: rollingDefaults(objectAt(spec, 'updateStrategy'), { maxSurge: 0, maxUnavailable: 1 }),
    }),
  ],
  [
    JOBS,
    (spec) => ({
      ...{ backoffLimit: 6, completionMode: 'NonIndexed', completions: 1, parallelism: 1 },
      ...{ podReplacementPolicy: 'TerminatingOrFailed', suspend: false },
      ...spec,
      template: templateDefaults(spec),
    }),
  ],
  [
    SERVICES,
    (spec) => ({
      ...{ internalTrafficPolicy: 'Cluster', sessionAffinity: 'None', type: 'ClusterIP' },
      ...spec,
      ports: objectsAt(spec, 'ports').map((port) => ({ protocol: 'TCP', targetPort: port['port'], ...port })),
    }),
  ],
]);

function rollingDefaults(strategy: JsonObject, numbers: JsonObject): JsonObject {
  const type = textAt(strategy, 'type') || 'RollingUpdate';
  if (type !== 'RollingUpdate') return { ...strategy, type };
  return { ...strategy, rollingUpdate: { ...numbers, ...objectAt(strategy, 'rollingUpdate') }, type };
}

function templateDefaults(spec: JsonObject): JsonObject {
  const template = objectAt(spec, 'template');
  return { ...template, spec: podDefaults(objectAt(template, 'spec')) };
}

function podDefaults(spec: JsonObject): JsonObject {
  const account = textAt(spec, 'serviceAccountName') || textAt(spec, 'serviceAccount');
  return withoutAbsent({
    ...{ dnsPolicy: 'ClusterFirst', restartPolicy: 'Always', schedulerName: 'default-scheduler', securityContext: {} },
    terminationGracePeriodSeconds: 30,
    ...spec,
    ...(account === '' ? {} : { serviceAccount: account, serviceAccountName: account }),
    containers: objectsAt(spec, 'containers').map(containerDefaults),
    initContainers: Array.isArray(spec['initContainers'])
      ? objectsAt(spec, 'initContainers').map(containerDefaults)
      : undefined,
    volumes: Array.isArray(spec['volumes']) ? objectsAt(spec, 'volumes').map(volumeDefaults) : undefined,
  });
}

function containerDefaults(container: JsonObject): JsonObject {
  const probes = ['livenessProbe', 'readinessProbe', 'startupProbe'].flatMap((name) =>
    isObject(container[name]) ? [[name, probeDefaults(container[name])] as const] : [],
  );
  return withoutAbsent({
    ...{ imagePullPolicy: pullPolicyOf(textAt(container, 'image')), resources: {} },
    ...{ terminationMessagePath: '/dev/termination-log', terminationMessagePolicy: 'File' },
    ...container,
    ports: Array.isArray(container['ports'])
      ? objectsAt(container, 'ports').map((port) => ({ protocol: 'TCP', ...port }))
      : undefined,
    env: Array.isArray(container['env']) ? objectsAt(container, 'env').map(variableDefaults) : undefined,
    ...Object.fromEntries(probes),
  });
}

/** Kept as they were written, but for a field's version. */
function variableDefaults(variable: JsonObject): JsonObject {
  const { valueFrom } = variable;
  if (!isObject(valueFrom) || !isObject(valueFrom['fieldRef'])) return variable;
  return { ...variable, valueFrom: { ...valueFrom, fieldRef: { apiVersion: 'v1', ...valueFrom['fieldRef'] } } };
}

function probeDefaults(probe: JsonObject): JsonObject {
  const http = probe['httpGet'];
  return {
    ...{ failureThreshold: 3, periodSeconds: 10, successThreshold: 1, timeoutSeconds: 1 },
    ...probe,
    ...(isObject(http) ? { httpGet: { path: '/', scheme: 'HTTP', ...http } } : {}),
  };
}

function volumeDefaults(volume: JsonObject): JsonObject {
  const withMode = (name: string): Readonly<Record<string, Json>> => {
    const source = volume[name];
    return isObject(source) ? { [name]: { defaultMode: 420, ...source } } : {};
  };
  return { ...volume, ...withMode('configMap'), ...withMode('secret'), ...withMode('projected') };
}

function pullPolicyOf(image: string): string {
  const name = image.split('@')[0]!.split('/').at(-1) ?? '';
  const isFixed = image.includes('@') || (name.includes(':') && !name.endsWith(':latest'));
  return isFixed ? 'IfNotPresent' : 'Always';
}
