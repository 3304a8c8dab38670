import type { KubernetesAgent } from '../../simulators/kubernetes-agent.ts';
import { addSet, scale } from '../../simulators/kubernetes-scene.ts';
import { paths, type StageOptions } from '../../simulators/kubernetes-stage.ts';
import { SOURCE } from '../../simulators/world.ts';
import { givenKubernetes } from './kubernetes-agent.ts';
import { enforcePodSecurity, LEAST, setQuota, V1 } from './kubernetes-troubles.ts';
import type { RefusalRow } from './refusal.ts';

interface Row {
  readonly stage?: Partial<StageOptions>;
  readonly arrange?: (agent: KubernetesAgent) => Promise<unknown> | unknown;
  readonly inputs?: Readonly<Record<string, string>>;
  readonly says: RegExp;
}

const spec = (agent: KubernetesAgent, change: object) =>
  agent.stage.expect(paths.deployment(), { method: 'PATCH', patch: 'merge-patch+json', body: { spec: change } });
const without = (verb: string, resource: string) =>
  LEAST.map((rule) =>
    rule.resources.includes(resource) ? { ...rule, verbs: rule.verbs.filter((one) => one !== verb) } : rule,
  );

const rows: readonly (readonly [string, Row])[] = [
  [
    'zero replicas (report 1)',
    {
      arrange: ({ stage }) => scale(stage, 0),
      says: /it is scaled to 0, so nothing would run.*kubectl scale deployment\/web --namespace shop --replicas=1/,
    },
  ],
  [
    'a paused Deployment',
    {
      arrange: (agent) => spec(agent, { paused: true }),
      says: /it is paused.*kubectl rollout resume deployment\/web/,
    },
  ],
  [
    'both at once',
    { arrange: (agent) => spec(agent, { paused: true, replicas: 0 }), says: /it is paused.*; it is scaled to 0/ },
  ],
  [
    'a StatefulSet whose pods are only replaced by hand',
    {
      arrange: ({ stage }) =>
        addSet(stage, 'StatefulSet', { name: 'db', image: V1, spec: { updateStrategy: { type: 'OnDelete' } } }),
      inputs: { workload: 'statefulset/db' },
      says: /OnDelete/,
    },
  ],
  [
    'a partition',
    {
      arrange: ({ stage }) =>
        addSet(stage, 'StatefulSet', {
          name: 'db',
          image: V1,
          spec: { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 2 } } },
        }),
      inputs: { workload: 'sts/db' },
      says: /partition 2/,
    },
  ],
  [
    'containers that aren’t there, which a strategic merge would add',
    { inputs: { container: 'wbe\nprxy' }, says: /there are no containers wbe, prxy.*Its containers: web/ },
  ],
  [
    'a workload that isn’t there, with the likely one',
    {
      inputs: { workload: 'deployment/wbe' },
      says: /could not find deployment wbe.*Did you mean `deployment\/web`\?/,
    },
  ],
  ['a namespace that isn’t there', { inputs: { namespace: 'shpo' }, says: /could not|not allowed/ }],
  [
    'a reference that may be a secret, without repeating it',
    {
      inputs: { secrets: 'KEY: hunter2-the-password' },
      says: /no reference to a Secret or ConfigMap.*secret\/NAME\/KEY/,
    },
  ],
  [
    'permissions that are missing, all at once',
    {
      stage: {
        rules: without('patch', 'deployments').map((rule) =>
          rule.resources.includes('replicasets') ? { ...rule, verbs: ['get'] } : rule,
        ),
      },
      says: /not allowed to patch deployments\.apps \(web\), list replicasets\.apps.*Grant it by a Role in namespace shop/,
    },
  ],
  ...[{ name: 'redis' }, { name: 'main', appProtocol: 'grpc' }, { name: 'dns', protocol: 'UDP' }].map(
    (port): readonly [string, Row] => [
      `HTTP smoke tests of a Service with the port ${JSON.stringify(port)}`,
      {
        stage: { service: { type: 'LoadBalancer', ports: [{ port: 6379, targetPort: 8080, ...port }] } },
        arrange: ({ stage }) =>
          stage.expect(`${paths.services}/web/status`, {
            method: 'PATCH',
            patch: 'merge-patch+json',
            body: { status: { loadBalancer: { ingress: [{ ip: '203.0.113.7' }] } } },
          }),
        inputs: { url: '' },
        says: /could not tell where to send "GET \/": no address of the service is known.*`url`/s,
      },
    ],
  ),
  [
    'a quota that is full, where a dry run of a pod tells it',
    { arrange: (agent) => setQuota(agent, 3), says: /none of its pods could be created: .*exceeded quota/ },
  ],
  [
    'Pod Security, by a dry run of a pod',
    {
      arrange: (agent) => enforcePodSecurity(agent, 'restricted'),
      says: /none of its pods could be created: .*violates PodSecurity/,
    },
  ],
  [
    'a previous image that was deleted',
    {
      arrange: ({ world }) => world.source.forget(SOURCE.repository),
      says: /its image ghcr\.io\/acme\/agent:v1 is not in the registry any more/,
    },
  ],
];

export const kubernetesRefusals: readonly RefusalRow[] = rows.map(([name, { stage, arrange, inputs, says }]) => ({
  ...{ name, says: [says], inputs: { 'smoke-tests': '- GET /', ...inputs }, never: ['hunter2'] },
  async arrange() {
    const agent = await givenKubernetes(stage ? { stage } : {});
    await arrange?.(agent);
    return agent;
  },
}));
