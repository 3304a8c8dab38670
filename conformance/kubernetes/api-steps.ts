import type { ApiAsk } from '../../simulators/kubernetes-stage.ts';

/** One request that is sent to the simulated API server and to the real one. */
export interface ApiStep {
  readonly title: string;
  readonly path: string;
  readonly ask?: ApiAsk;
  /** So that controllers have done their work before; default 0. */
  readonly afterMs?: number;
}

const NAMESPACE = 'compared';
const APPS = `/apis/apps/v1/namespaces/${NAMESPACE}`;
const CORE = `/api/v1/namespaces/${NAMESPACE}`;
const WEB = `${APPS}/deployments/web`;
const RBAC = `/apis/rbac.authorization.k8s.io/v1/namespaces/${NAMESPACE}`;
const SETTLE_MS = 600;

const labels = { app: 'web' };
const container = {
  ...{ name: 'web', image: 'registry.test/web:v1', ports: [{ containerPort: 8080, name: 'http' }] },
  env: [
    { name: 'A', value: '1' },
    { name: 'B', value: '2' },
    { name: 'NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
  ],
  readinessProbe: { httpGet: { path: '/ready', port: 8080 } },
  resources: { limits: { memory: '128Mi' } },
};
// Without pods: what runs is compared by the scenarios.
const deployment = {
  ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', labels, annotations: { team: 'shop' } } },
  spec: {
    replicas: 0,
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: { containers: [container] } },
  },
};

/** A change of the container `web` by a strategic merge. */
const ofWeb = (change: object): object => ({
  spec: { template: { spec: { containers: [{ name: 'web', ...change }] } } },
});
const smp = (body: object): ApiAsk => ({ method: 'PATCH', body });
const json = (...body: readonly object[]): ApiAsk => ({ method: 'PATCH', patch: 'json-patch+json', body });
const merge = (body: object): ApiAsk => ({ method: 'PATCH', patch: 'merge-patch+json', body });
const apply = (body: object): ApiAsk => ({ method: 'PATCH', patch: 'apply-patch+yaml', body });
const post = (body: object): ApiAsk => ({ method: 'POST', body });

function applied(image: string, more: object = {}): object {
  const template = { metadata: { labels }, spec: { containers: [{ name: 'api', image }] } };
  return {
    ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'api', namespace: NAMESPACE, labels } },
    spec: { replicas: 0, selector: { matchLabels: labels }, template, ...more },
  };
}

const API = `${APPS}/deployments/api`;

const creation: readonly ApiStep[] = [
  { title: 'the namespace', path: '/api/v1/namespaces', ask: post({ metadata: { name: NAMESPACE } }) },
  {
    title: 'a Deployment is made',
    path: `${APPS}/deployments?fieldManager=kubectl-create`,
    ask: post(deployment),
    afterMs: SETTLE_MS,
  },
  { title: 'it has a revision and who owns what', path: WEB, afterMs: SETTLE_MS },
  { title: 'made again', path: `${APPS}/deployments`, ask: post(deployment) },
  {
    title: 'without a selector',
    path: `${APPS}/deployments`,
    ask: post({ ...deployment, metadata: { name: 'bad' }, spec: { template: deployment.spec.template } }),
  },
  {
    title: 'with another selector than its labels',
    path: `${APPS}/deployments`,
    ask: post({
      ...deployment,
      metadata: { name: 'bad' },
      spec: { ...deployment.spec, selector: { matchLabels: { app: 'api' } } },
    }),
  },
  {
    title: 'of another kind',
    path: `${APPS}/deployments`,
    ask: post({ apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name: 'bad' } }),
  },
  {
    title: 'with an unknown field, strictly',
    path: `${APPS}/deployments?fieldValidation=Strict`,
    ask: post({ ...deployment, metadata: { name: 'bad' }, spec: { ...deployment.spec, replica: 1 } }),
  },
  { title: 'its ReplicaSet', path: `${APPS}/replicasets`, afterMs: SETTLE_MS },
  { title: 'a missing one', path: `${APPS}/deployments/none` },
];

const merges: readonly ApiStep[] = [
  {
    title: 'an image by a strategic merge',
    path: `${WEB}?fieldManager=deploy-agent&fieldValidation=Strict`,
    ask: smp(ofWeb({ image: 'registry.test/web:v2' })),
  },
  { title: 'after it', path: WEB, afterMs: SETTLE_MS },
  {
    title: 'the same image once more',
    path: `${WEB}?fieldManager=deploy-agent`,
    ask: smp(ofWeb({ image: 'registry.test/web:v2' })),
  },
  {
    title: 'an annotation alone',
    path: `${WEB}?fieldManager=deploy-agent`,
    ask: smp({ metadata: { annotations: { 'kubernetes.io/change-cause': 'run 1' } } }),
  },
  { title: 'the ReplicaSets have it', path: `${APPS}/replicasets`, afterMs: SETTLE_MS },
  {
    title: 'a dry run',
    path: `${WEB}?fieldManager=deploy-agent&dryRun=All`,
    ask: smp(ofWeb({ image: 'registry.test/web:v3' })),
  },
  {
    title: 'a container that is not there',
    path: `${WEB}?fieldManager=deploy-agent&dryRun=All`,
    ask: smp({ spec: { template: { spec: { containers: [{ name: 'wbe', image: 'registry.test/web:v3' }] } } } }),
  },
  {
    title: 'a new variable',
    path: `${WEB}?dryRun=All&fieldManager=deploy-agent`,
    ask: smp(ofWeb({ env: [{ name: 'C', value: '3' }] })),
  },
  {
    title: 'a new and an old variable',
    path: `${WEB}?dryRun=All&fieldManager=deploy-agent`,
    ask: smp(
      ofWeb({
        env: [
          { name: 'B', value: '4' },
          { name: 'C', value: '3' },
        ],
      }),
    ),
  },
  {
    title: 'a variable goes',
    path: `${WEB}?dryRun=All&fieldManager=deploy-agent`,
    ask: smp(ofWeb({ env: [{ name: 'A', $patch: 'delete' }] })),
  },
  {
    title: 'an order of variables',
    path: `${WEB}?dryRun=All&fieldManager=deploy-agent`,
    ask: smp(
      ofWeb({
        '$setElementOrder/env': [{ name: 'NODE' }, { name: 'C' }, { name: 'A' }, { name: 'B' }],
        env: [{ name: 'C', value: '3' }],
      }),
    ),
  },
  {
    title: 'a reference gets a value',
    path: `${WEB}?dryRun=All&fieldManager=deploy-agent`,
    ask: smp(ofWeb({ env: [{ name: 'NODE', value: 'x' }] })),
  },
  {
    title: 'a reference gets a value, and goes',
    path: `${WEB}?dryRun=All&fieldManager=deploy-agent`,
    ask: smp(ofWeb({ env: [{ name: 'NODE', value: 'x', valueFrom: null }] })),
  },
  {
    title: 'all variables are replaced',
    path: `${WEB}?dryRun=All&fieldManager=deploy-agent`,
    ask: smp(ofWeb({ env: [{ $patch: 'replace' }, { name: 'Z', value: '0' }] })),
  },
  {
    title: 'another strategy',
    path: `${WEB}?dryRun=All&fieldManager=deploy-agent`,
    ask: smp({ spec: { strategy: { type: 'Recreate' } } }),
  },
  {
    title: 'another strategy, and its numbers go',
    path: `${WEB}?dryRun=All&fieldManager=deploy-agent`,
    ask: smp({ spec: { strategy: { $retainKeys: ['type'], type: 'Recreate' } } }),
  },
  {
    title: 'an unknown field, strictly',
    path: `${WEB}?fieldManager=deploy-agent&fieldValidation=Strict`,
    ask: smp({ spec: { replica: 1 } }),
  },
  {
    title: 'an unknown field, by default',
    path: `${WEB}?fieldManager=deploy-agent&dryRun=All`,
    ask: smp({ spec: { replica: 1 } }),
  },
  {
    title: 'another selector',
    path: `${WEB}?fieldManager=deploy-agent`,
    ask: smp({ spec: { selector: { matchLabels: { app: 'api' } } } }),
  },
  {
    title: 'a resourceVersion that is over',
    path: `${WEB}?fieldManager=deploy-agent`,
    ask: smp({ metadata: { resourceVersion: '1' } }),
  },
  {
    title: 'a merge patch',
    path: `${WEB}?fieldManager=deploy-agent&dryRun=All`,
    ask: merge({ metadata: { labels: { app: null, tier: 'front' } }, spec: { minReadySeconds: 5 } }),
  },
  { title: 'a missing object', path: `${APPS}/deployments/none`, ask: smp({}) },
];

const jsonPatches: readonly ApiStep[] = [
  { title: 'a test that fails', path: WEB, ask: json({ op: 'test', path: '/spec/replicas', value: 7 }) },
  {
    title: 'null, as kubectl before 1.33 sends it',
    path: WEB,
    ask: json({ op: 'add', path: '/spec/template/metadata/creationTimestamp', value: null }),
  },
  { title: 'a path that is not there', path: WEB, ask: json({ op: 'replace', path: '/spec/none/x', value: 7 }) },
  {
    title: 'an annotation is replaced',
    path: `${WEB}?fieldManager=deploy-agent&dryRun=All`,
    ask: json(
      { op: 'test', path: '/spec/replicas', value: 0 },
      { op: 'replace', path: '/metadata/annotations/kubernetes.io~1change-cause', value: 'run 2' },
    ),
  },
  {
    title: 'an annotation is removed',
    path: `${WEB}?fieldManager=deploy-agent&dryRun=All`,
    ask: json({ op: 'remove', path: '/metadata/annotations/kubernetes.io~1change-cause' }),
  },
  {
    title: 'a variable in the middle',
    path: `${WEB}?fieldManager=deploy-agent&dryRun=All`,
    ask: json({ op: 'add', path: '/spec/template/spec/containers/0/env/1', value: { name: 'A', value: '9' } }),
  },
  {
    title: 'all managers go',
    path: `${WEB}?fieldManager=deploy-agent&dryRun=All`,
    ask: json({ op: 'replace', path: '/metadata/managedFields', value: [{}] }),
  },
  {
    title: 'an empty list of managers',
    path: `${WEB}?fieldManager=deploy-agent&dryRun=All`,
    ask: json({ op: 'replace', path: '/metadata/managedFields', value: [] }),
  },
];

const applications: readonly ApiStep[] = [
  { title: 'applied by helm', path: `${API}?fieldManager=helm`, ask: apply(applied('registry.test/api:v1')) },
  { title: 'after it', path: API, afterMs: SETTLE_MS },
  {
    title: 'our image takes the field',
    path: `${API}?fieldManager=deploy-agent`,
    ask: smp({ spec: { template: { spec: { containers: [{ name: 'api', image: 'registry.test/api:v2' }] } } } }),
  },
  {
    title: 'helm applies another image',
    afterMs: SETTLE_MS,
    path: `${API}?fieldManager=helm`,
    ask: apply(applied('registry.test/api:v3')),
  },
  {
    title: 'helm applies ours',
    afterMs: SETTLE_MS,
    path: `${API}?fieldManager=helm`,
    ask: apply(applied('registry.test/api:v2')),
  },
  {
    title: 'helm applies more, and less',
    afterMs: SETTLE_MS,
    path: `${API}?fieldManager=helm`,
    ask: apply({
      ...applied('registry.test/api:v2', { minReadySeconds: 3 }),
      metadata: { name: 'api', namespace: NAMESPACE },
    }),
  },
  {
    title: 'two conflicts',
    afterMs: SETTLE_MS,
    path: `${API}?fieldManager=other`,
    ask: apply(applied('registry.test/api:v9', { minReadySeconds: 9 })),
  },
  {
    title: 'by force',
    afterMs: SETTLE_MS,
    path: `${API}?fieldManager=other&force=true`,
    ask: apply(applied('registry.test/api:v9', { minReadySeconds: 9 })),
  },
  {
    title: 'a value goes with its last owner',
    afterMs: SETTLE_MS,
    path: `${API}?fieldManager=other&dryRun=All`,
    ask: apply(applied('registry.test/api:v9')),
  },
  {
    title: 'an image alone',
    afterMs: SETTLE_MS,
    path: `${API}?fieldManager=third`,
    ask: apply({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      spec: { template: { spec: { containers: [{ name: 'api', image: 'x' }] } } },
    }),
  },
  { title: 'without a manager', path: API, ask: apply(applied('registry.test/api:v9')) },
  { title: 'scaled by an autoscaler', path: `${API}/scale?fieldManager=hpa`, ask: merge({ spec: { replicas: 0 } }) },
  { title: 'its scale', path: `${API}/scale` },
];

const rights: readonly ApiStep[] = [
  {
    title: 'a Role by names',
    path: `${RBAC}/roles`,
    ask: post({
      metadata: { name: 'deployer' },
      rules: [
        { apiGroups: ['apps'], resources: ['deployments'], verbs: ['get', 'patch'], resourceNames: ['web'] },
        { apiGroups: [''], resources: ['pods'], verbs: ['list'] },
      ],
    }),
  },
  {
    title: 'bound',
    path: `${RBAC}/rolebindings`,
    ask: post({
      metadata: { name: 'deployer' },
      subjects: [{ kind: 'User', name: 'deployer', apiGroup: 'rbac.authorization.k8s.io' }],
      roleRef: { kind: 'Role', name: 'deployer', apiGroup: 'rbac.authorization.k8s.io' },
    }),
  },
  { title: 'the named one may be read', path: WEB, ask: { as: 'deployer' }, afterMs: SETTLE_MS },
  { title: 'another not', path: API, ask: { as: 'deployer' } },
  { title: 'none may be listed', path: `${APPS}/deployments`, ask: { as: 'deployer' } },
  { title: 'none may be made', path: `${APPS}/deployments`, ask: { ...post(deployment), as: 'deployer' } },
  {
    title: 'the named one may be changed',
    path: `${WEB}?dryRun=All&fieldManager=deploy-agent`,
    ask: { ...smp({ spec: { minReadySeconds: 1 } }), as: 'deployer' },
  },
  { title: 'logs not', path: `${CORE}/pods/web-1/log`, ask: { as: 'deployer' } },
  { title: 'nodes not', path: '/api/v1/nodes', ask: { as: 'deployer' } },
  { title: 'a stranger', path: WEB, ask: { as: 'stranger' } },
  ...[{ name: 'web', verb: 'patch' }, { verb: 'patch' }, { name: 'web', verb: 'delete' }].map((one) => ({
    title: `may they ${one.verb} ${one.name ?? 'any'}?`,
    path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
    ask: {
      ...post({
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SelfSubjectAccessReview',
        spec: { resourceAttributes: { namespace: NAMESPACE, group: 'apps', resource: 'deployments', ...one } },
      }),
      as: 'deployer',
    },
  })),
];

const pod = (name: string, spec: object = {}): object => ({
  ...{ apiVersion: 'v1', kind: 'Pod', metadata: { generateName: `${name}-` } },
  spec: { containers: [{ name: 'web', image: 'registry.test/web:v1' }], ...spec },
});

const admission: readonly ApiStep[] = [
  {
    title: 'a missing account',
    path: `${CORE}/pods?dryRun=All`,
    ask: post(pod('web', { serviceAccountName: 'none' })),
  },
  {
    title: 'a quota',
    path: `${CORE}/resourcequotas`,
    ask: post({ metadata: { name: 'few' }, spec: { hard: { pods: '0' } } }),
  },
  { title: 'beyond it', path: `${CORE}/pods?dryRun=All`, ask: post(pod('web')), afterMs: 2_000 },
  { title: 'no longer', path: `${CORE}/resourcequotas/few`, ask: { method: 'DELETE' } },
  {
    title: 'only restricted pods',
    path: `/api/v1/namespaces/${NAMESPACE}`,
    ask: merge({
      metadata: {
        labels: { 'pod-security.kubernetes.io/enforce': 'restricted', 'pod-security.kubernetes.io/warn': 'restricted' },
      },
    }),
  },
  { title: 'one that is not', path: `${CORE}/pods?dryRun=All`, ask: post(pod('web')), afterMs: SETTLE_MS },
  {
    title: 'a template that is not',
    path: `${WEB}?dryRun=All&fieldManager=deploy-agent`,
    ask: smp(ofWeb({ image: 'registry.test/web:v4' })),
  },
];

const others: readonly ApiStep[] = [
  {
    title: 'a Service',
    path: `${CORE}/services?fieldManager=kubectl-create`,
    ask: post({
      metadata: { name: 'web' },
      spec: { selector: labels, ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
    }),
  },
  {
    title: 'its selector by a merge',
    path: `${CORE}/services/web?fieldManager=deploy-agent`,
    ask: merge({ spec: { selector: { track: 'blue' } } }),
  },
  {
    title: 'its selector by a strategic merge',
    path: `${CORE}/services/web?fieldManager=deploy-agent`,
    ask: smp({ spec: { selector: { track: null } } }),
  },
  {
    title: 'a route',
    path: `/apis/gateway.networking.k8s.io/v1/namespaces/${NAMESPACE}/httproutes?fieldManager=argo`,
    ask: post({
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      metadata: { name: 'web' },
      spec: {
        hostnames: ['shop.example'],
        rules: [{ backendRefs: [{ name: 'web', port: 80, weight: 100 }], future: { x: 1 } }],
      },
    }),
  },
  {
    title: 'a route that does not say its kind',
    path: `/apis/gateway.networking.k8s.io/v1/namespaces/${NAMESPACE}/httproutes?fieldManager=argo`,
    ask: post({ metadata: { name: 'other' }, spec: { hostnames: ['shop.example'] } }),
  },
  {
    title: 'its weights',
    path: `/apis/gateway.networking.k8s.io/v1/namespaces/${NAMESPACE}/httproutes/web?fieldManager=deploy-agent`,
    ask: json(
      { op: 'test', path: '/spec/rules/0/backendRefs/0/weight', value: 100 },
      { op: 'replace', path: '/spec/rules/0/backendRefs/0/weight', value: 90 },
    ),
  },
  {
    title: 'a route by a strategic merge',
    path: `/apis/gateway.networking.k8s.io/v1/namespaces/${NAMESPACE}/httproutes/web`,
    ask: smp({ spec: {} }),
  },
  {
    title: 'an uid that is not its',
    path: WEB,
    ask: { method: 'DELETE', body: { preconditions: { uid: '00000000-0000-4000-8000-000000000000' } } },
  },
  { title: 'deleted', path: WEB, ask: { method: 'DELETE', body: { propagationPolicy: 'Background' } } },
  { title: 'its ReplicaSets are gone too', path: `${APPS}/replicasets?labelSelector=app%3Dnone`, afterMs: SETTLE_MS },
  { title: 'nothing of that kind', path: `/apis/apps/v1/namespaces/${NAMESPACE}/rollouts` },
];

export const apiSteps: readonly ApiStep[] = [
  ...creation,
  ...merges,
  ...jsonPatches,
  ...applications,
  ...rights,
  ...admission,
  ...others,
];
