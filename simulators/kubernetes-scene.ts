import { isObject, type JsonObject, objectAt } from './json.ts';
import { mergePatch } from './kubernetes/patch/merge-patch.ts';
import {
  DEPLOYER,
  DEPLOYMENT,
  EVERYTHING,
  type KubernetesStage,
  NAMESPACE,
  paths,
  type Rule,
  type StageOptions,
} from './kubernetes-stage.ts';

/** Sets the stage by requests to the API: the same on a simulated and on a real cluster. Ends when `web` serves. */
export async function setScene(stage: KubernetesStage, options: StageOptions): Promise<void> {
  const { status, text } = await stage.api('/api/v1/namespaces', {
    method: 'POST',
    body: { metadata: { name: NAMESPACE } },
  });
  // On a real cluster it may be there from the test before, emptied.
  if (![201, 409].includes(status)) throw new Error(`the namespace was answered with ${status}: ${text}`);
  const account = `/api/v1/namespaces/${NAMESPACE}/serviceaccounts/default`;
  await stage.until('the account default is there', async () => (await stage.api(account)).status === 200);
  await allow(stage, options.rules ?? EVERYTHING);
  const { manager, apply } = options.by ?? { manager: 'kubectl-client-side-apply' };
  const body = webDeployment(options);
  if (apply)
    await stage.expect(`${paths.deployment()}?fieldManager=${manager}`, {
      method: 'PATCH',
      patch: 'apply-patch+yaml',
      body,
    });
  else await stage.expect(`${paths.deployments}?fieldManager=${manager}`, { method: 'POST', body });
  await stage.expect(paths.services, { method: 'POST', body: webService(options) });
  await untilDone(stage);
}

/** What the deployer may do, from now on. */
export async function allow(stage: KubernetesStage, rules: readonly Rule[]): Promise<void> {
  const role = { metadata: { name: DEPLOYER }, rules };
  const known = await stage.api(`${paths.roles}/${DEPLOYER}`);
  if (known.status === 200)
    return void (await stage.expect(`${paths.roles}/${DEPLOYER}`, { method: 'PUT', body: role }));
  await stage.expect(paths.roles, { method: 'POST', body: role });
  const subjects = [{ kind: 'User', name: DEPLOYER, apiGroup: 'rbac.authorization.k8s.io' }];
  const roleRef = { kind: 'Role', name: DEPLOYER, apiGroup: 'rbac.authorization.k8s.io' };
  await stage.expect(paths.roleBindings, { method: 'POST', body: { metadata: { name: DEPLOYER }, subjects, roleRef } });
}

/** All replicas of the Deployment are up to date and available, and none of old ones is left. */
export async function untilDone(stage: KubernetesStage, name = DEPLOYMENT): Promise<void> {
  await stage.until(`${name} is up`, async () => {
    const object = await stage.expect(paths.deployment(name));
    const { observedGeneration, updatedReplicas = 0, replicas = 0, availableReplicas = 0 } = objectAt(object, 'status');
    const wanted = objectAt(object, 'spec')['replicas'];
    const isObserved = observedGeneration === objectAt(object, 'metadata')['generation'];
    return isObserved && [updatedReplicas, replicas, availableReplicas].every((count) => count === wanted);
  });
}

export function webDeployment({ image, replicas = 3, spec = {}, annotations }: StageOptions): JsonObject {
  const labels = { app: DEPLOYMENT };
  const own = {
    replicas,
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: { containers: [webContainer(image)] } },
  };
  return {
    ...{ apiVersion: 'apps/v1', kind: 'Deployment' },
    metadata: { name: DEPLOYMENT, namespace: NAMESPACE, labels, ...(annotations ? { annotations } : {}) },
    spec: mergePatch(own, spec),
  };
}

export function webContainer(image: string): JsonObject {
  return {
    ...{ name: 'web', image, ports: [{ containerPort: 8080, name: 'http' }] },
    readinessProbe: { httpGet: { path: '/ready', port: 8080 }, periodSeconds: 1 },
  };
}

function webService({ service }: StageOptions): JsonObject {
  const spec = { selector: { app: DEPLOYMENT }, ports: [{ name: 'http', port: 80, targetPort: 8080 }] };
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: DEPLOYMENT, namespace: NAMESPACE },
    spec: mergePatch(spec, service ?? {}),
  };
}

/** As another user or tool changes the image of `web`. */
export async function foreignDeploy(
  stage: KubernetesStage,
  image: string,
  manager = 'kubectl-set',
): Promise<JsonObject> {
  const body = { spec: { template: { spec: { containers: [{ name: 'web', image }] } } } };
  return await stage.expect(`${paths.deployment()}?fieldManager=${manager}`, { method: 'PATCH', body });
}

/** As an autoscaler does. */
export async function scale(stage: KubernetesStage, replicas: number, name = DEPLOYMENT): Promise<void> {
  const path = `${paths.deployment(name)}/scale?fieldManager=hpa`;
  await stage.expect(path, { method: 'PATCH', patch: 'merge-patch+json', body: { spec: { replicas } } });
}

/**
 * Everything of the namespace that a user configures and that serves, without audit fields: equal before and after means
 * "exactly as before", `managedFields` included but for their times.
 */
export async function stateOf(stage: KubernetesStage): Promise<JsonObject> {
  const kinds = [paths.deployments, paths.statefulSets, paths.daemonSets, paths.services];
  const lists = await Promise.all(
    kinds.map(async (path) => [path.split('/').at(-1)!, (await stage.expect(path))['items']] as const),
  );
  const pods = (await stage.expect(paths.pods))['items'] as readonly JsonObject[];
  const configured = lists.map(
    ([name, items]) => [name, (items as readonly JsonObject[]).map(configurationOf)] as const,
  );
  return { ...Object.fromEntries(configured), images: pods.filter(isServing).map(imagesOf).toSorted() };
}

/** Counters of the platform. */
const COUNTERS = ['deployment.kubernetes.io/revision', 'deprecated.daemonset.template.generation'];
const AUDIT = ['uid', 'resourceVersion', 'generation', 'creationTimestamp'];

function configurationOf({ metadata, spec }: JsonObject): JsonObject {
  const kept = Object.entries(metadata as JsonObject).filter(([name]) => !AUDIT.includes(name));
  const { managedFields, annotations, ...rest } = Object.fromEntries(kept);
  const owners = ((managedFields ?? []) as readonly JsonObject[]).filter(({ subresource }) => subresource !== 'status');
  const notes = Object.entries((annotations ?? {}) as JsonObject).filter(([name]) => !COUNTERS.includes(name));
  return {
    metadata: {
      ...rest,
      annotations: Object.fromEntries(notes),
      managedFields: owners.map(({ time: _, ...owner }) => owner),
    },
    spec,
  };
}

function isServing(pod: JsonObject): boolean {
  return objectAt(pod, 'metadata')['deletionTimestamp'] === undefined && objectAt(pod, 'status')['phase'] === 'Running';
}

function imagesOf(pod: JsonObject): string {
  const statuses = objectAt(pod, 'status')['containerStatuses'] as readonly JsonObject[];
  return statuses
    .filter(isObject)
    .map(({ imageID, ready }) => `${imageID}${ready ? '' : ' (not ready)'}`)
    .join(', ');
}

/** A StatefulSet `db` or a DaemonSet `log-agent` beside `web`, or under any other name; ends when it is up. */
export async function addSet(
  stage: KubernetesStage,
  kind: 'StatefulSet' | 'DaemonSet',
  { name, image, spec = {} }: { readonly name: string; readonly image: string; readonly spec?: JsonObject },
): Promise<void> {
  const labels = { app: name };
  const own = {
    ...(kind === 'StatefulSet' ? { replicas: 3, serviceName: name } : {}),
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: { containers: [webContainer(image)] } },
  };
  const path = kind === 'StatefulSet' ? paths.statefulSets : paths.daemonSets;
  const body = {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name, namespace: NAMESPACE, labels },
    spec: mergePatch(own, spec),
  };
  await stage.expect(`${path}?fieldManager=kubectl-client-side-apply`, { method: 'POST', body });
  await stage.until(`${name} is up`, async () => isSetUp(await stage.expect(`${path}/${name}`)));
}

function isSetUp(object: JsonObject): boolean {
  const status = objectAt(object, 'status');
  if (status['observedGeneration'] !== objectAt(object, 'metadata')['generation']) return false;
  if (object['kind'] !== 'DaemonSet') return status['readyReplicas'] === objectAt(object, 'spec')['replicas'];
  return status['desiredNumberScheduled'] !== 0 && status['numberAvailable'] === status['desiredNumberScheduled'];
}

/** As a part of the cluster that isn't there says something about a pod: an autoscaler, for instance. */
export async function recordEvent(
  stage: KubernetesStage,
  pod: JsonObject,
  {
    type = 'Normal',
    reason,
    message,
    by,
  }: { readonly type?: string; readonly reason: string; readonly message: string; readonly by: string },
): Promise<void> {
  const { name, namespace, uid } = objectAt(pod, 'metadata');
  const time = `${new Date(stage.now()).toISOString().slice(0, 19)}Z`;
  const body = {
    ...{
      metadata: { generateName: `${name}.` },
      involvedObject: { apiVersion: 'v1', kind: 'Pod', name, namespace, uid },
    },
    ...{ type, reason, message, source: { component: by }, firstTimestamp: time, lastTimestamp: time, count: 1 },
  };
  await stage.expect(paths.events, { method: 'POST', body });
}
