import { afterEach, describe, expect, test } from '@jest/globals';
import type { Behaviour } from '../../simulators/behaviour.ts';
import { objectsAt } from '../../simulators/json.ts';
import { mergePatch } from '../../simulators/kubernetes/patch/merge-patch.ts';
import type { KubernetesAgent } from '../../simulators/kubernetes-agent.ts';
import { untilDone } from '../../simulators/kubernetes-scene.ts';
import { paths, type StageOptions } from '../../simulators/kubernetes-stage.ts';
import { SOURCE } from '../../simulators/world.ts';
import { closeAgents } from './agent.ts';
import { givenKubernetes } from './kubernetes-agent.ts';
import {
  addNode,
  beforeFirstPatch,
  crash,
  enforcePodSecurity,
  evictFirst,
  LEAST,
  large,
  sayOfUnscheduled,
  setQuota,
  withContainer,
  withInit,
  withPodSpec,
} from './kubernetes-troubles.ts';
import { watchEvidence, watchPatches } from './watch-kubernetes.ts';

afterEach(closeAgents);

interface Row {
  readonly image?: Partial<Behaviour>;
  readonly inputs?: Readonly<Record<string, string>>;
  readonly stage?: Partial<StageOptions>;
  readonly arrange?: (agent: KubernetesAgent) => Promise<void> | void;
  /** In the status of a pod, or of a ReplicaSet: when it is there first, the time begins. */
  readonly evidence: RegExp;
  readonly says: RegExp;
  /** It has become ready and served, before it failed. */
  readonly serves?: boolean;
}

const trouble =
  (kind: 'denied' | 'throttled' | 'unavailable' | 'unreachable', times?: number) => (agent: KubernetesAgent) =>
    void agent.stage.kubelet.troubles.push({ image: `${SOURCE.repository}@`, kind, ...(times ? { times } : {}) });
const forget = (agent: KubernetesAgent) => beforeFirstPatch(agent, () => agent.world.source.forget(SOURCE.repository));
const sidecar = { container: 'web\nhelper' };

describe('is red within ten seconds of the first evidence, and everything is as before', () => {
  const rows: readonly (readonly [string, Row])[] = [
    [
      'an image that the nodes do not find',
      { arrange: forget, evidence: /ErrImagePull/, says: /image can’t be pulled.*not found/ },
    ],
    [
      'an image that the nodes may not pull',
      { arrange: trouble('denied'), evidence: /ErrImagePull/, says: /401 Unauthorized.*imagePullSecrets/s },
    ],
    [
      'a program that crashes, with its last log lines',
      {
        image: crash(1, 'KeyError: DATABASE_URL'),
        evidence: /CrashLoopBackOff/,
        says: /it crashes: exit code 1.*\| KeyError: DATABASE_URL/s,
      },
    ],
    ['a program that ends', { image: crash(0), evidence: /CrashLoopBackOff/, says: /ends by itself/ }],
    [
      'out of memory',
      {
        image: crash(137),
        stage: withContainer({ resources: { limits: { memory: '64Mi' } } }),
        evidence: /OOMKilled/,
        says: /OOMKilled.*memory limit is 64Mi/,
      },
    ],
    [
      'a command that isn’t there',
      { image: crash(127, 'sh: serve: not found'), evidence: /"exitCode":127/, says: /no such program/ },
    ],
    [
      'an image of another architecture',
      { image: crash(255, 'exec /app: exec format error'), evidence: /"exitCode":255/, says: /exec format error/ },
    ],
    [
      'a Secret that isn’t there',
      {
        inputs: { secrets: 'KEY: secret/openai/api-key' },
        evidence: /CreateContainerConfigError/,
        says: /secret "openai" not found/,
      },
    ],
    ...[12_000, 13_000, 14_000, 15_000, 16_000].map((ms): readonly [string, Row] => [
      `a Secret that isn’t there, which shows after ${ms} ms`,
      {
        inputs: { secrets: 'KEY: secret/openai/api-key' },
        arrange: (agent) => startLate(agent, ms),
        evidence: /CreateContainerConfigError/,
        says: /secret "openai" not found/,
      },
    ]),
    [
      'a key that a ConfigMap does not have',
      {
        inputs: { secrets: 'KEY: configmap/settings/mode' },
        arrange: addSettings,
        evidence: /CreateContainerConfigError/,
        says: /couldn't find key mode/,
      },
    ],
    [
      'an init container that fails',
      {
        image: crash(2, 'migration failed'),
        stage: withInit(),
        inputs: { container: 'helper' },
        evidence: /CrashLoopBackOff/,
        says: /migration failed.*container helper: CrashLoopBackOff/s,
      },
    ],
    [
      'a native sidecar that crashes',
      {
        image: crash(4),
        stage: withInit({ restartPolicy: 'Always' }),
        inputs: sidecar,
        evidence: /CrashLoopBackOff/,
        says: /CrashLoopBackOff: it crashes: exit code 4/,
      },
    ],
    [
      'crashes soon after it was ready',
      {
        image: { readyAfterMs: 500, crash: { afterMs: 5_000, exitCode: 3, logs: [] } },
        evidence: /CrashLoopBackOff/,
        says: /exit code 3/,
        serves: true,
      },
    ],
    [
      'crashes when all was complete',
      {
        image: { readyAfterMs: 100, crash: { afterMs: 9_000, exitCode: 3, logs: [] } },
        evidence: /CrashLoopBackOff/,
        says: /exit code 3/,
        serves: true,
      },
    ],
    [
      'no room, where the autoscaler can’t help',
      {
        stage: large,
        arrange: (agent) => sayOfUnscheduled(agent, 'NotTriggerScaleUp', 'pod didn’t trigger scale-up'),
        evidence: /Unschedulable/,
        says: /the autoscaler can’t add a node/,
      },
    ],
    [
      'a full quota where no old pod may be missing',
      {
        stage: { rules: LEAST },
        arrange: (agent) => setQuota(agent, 3),
        evidence: /exceeded quota/,
        says: /no pod can be created: .*exceeded quota.*Raise the ResourceQuota/,
      },
    ],
    [
      'Pod Security, and its warning before',
      {
        stage: { rules: LEAST },
        arrange: (agent) => enforcePodSecurity(agent, 'restricted'),
        evidence: /violates PodSecurity/,
        says: /::warning::The API server warns: would violate PodSecurity.*no pod can be created: .*violates PodSecurity/s,
      },
    ],
  ];
  test.each(rows)('%s', async (_, row) => {
    const agent = await givenKubernetes(row.stage ? { stage: row.stage } : {});
    await row.arrange?.(agent);
    const before = agent.snapshot();
    const patches = watchPatches(agent);
    const evidence = watchEvidence(agent, row.evidence);
    const visits = agent.watch();
    const image = agent.world.publish('v2', row.image ?? {});
    const { main } = await agent.deploy({ image, 'smoke-tests': '- GET /', ...row.inputs });
    visits.stop();
    expect(main.log).toMatch(row.says);
    expect(main.outputs['outcome']).toBe('rolled-back');
    expect(agent.snapshot()).toEqual(before);
    expect(visits.asked).toBeGreaterThan(0);
    if (!row.serves) expect(visits.failed).toBe(0);
    expect(evidence.at).not.toBeNull();
    expect(patches[1]!.at - evidence.at!).toBeLessThanOrEqual(10_000);
  });
});

/** An init container takes so long, so that what follows falls between two polls at another place each time. */
async function startLate({ stage, world }: KubernetesAgent, ms: number): Promise<void> {
  const image = world.publish('init', { crash: { afterMs: ms, exitCode: 0, logs: [] } });
  const body = { spec: { template: { spec: { initContainers: [{ name: 'init', image }] } } } };
  await stage.expect(paths.deployment(), { method: 'PATCH', body });
  await untilDone(stage);
}

async function addSettings({ stage }: KubernetesAgent): Promise<void> {
  const body = { metadata: { name: 'settings' }, data: {} };
  await stage.expect('/api/v1/namespaces/shop/configmaps', { method: 'POST', body });
}

describe('passes by itself, and is deployed', () => {
  const rows: readonly (readonly [string, Omit<Row, 'evidence'>])[] = [
    [
      'a registry that limits the rate',
      { arrange: trouble('throttled', 2), says: /can’t be pulled now .*429 Too Many Requests/ },
    ],
    [
      'a registry that is out of order for a while',
      { arrange: trouble('unavailable', 2), says: /can’t be pulled now .*503/ },
    ],
    ['a network that is slow', { arrange: trouble('unreachable', 1), says: /i\/o timeout/ }],
    [
      'a full quota, where the rollout may take an old pod away',
      {
        stage: { rules: LEAST, spec: { strategy: { rollingUpdate: { maxUnavailable: 1 } } } },
        arrange: (agent) => setQuota(agent, 3),
        says: /3 of 3 pods updated, 3 available/,
      },
    ],
    ['an evicted pod', { arrange: evictFirst, says: /taken off its node \(Evicted/ }],
    [
      'no room, while the autoscaler adds a node',
      { stage: large, arrange: addNodeLater, says: /the autoscaler adds a node/ },
    ],
    [
      'no room for the copy of a canary, until a node comes that no autoscaler has told of',
      {
        stage: large,
        inputs: { strategy: 'canary', steps: '50% for 10s' },
        arrange: (agent) => addNode(agent, 200_000),
        says: /web-canary: 0 of 2 pods up.*Unschedulable|Unschedulable.*web-canary: 2 of 2/s,
      },
    ],
    [
      'a rollout whose pods an autoscaler makes more of',
      { arrange: scaleInTheMiddle, says: /5 of 5 pods updated, 5 available/ },
    ],
  ];
  test.each(rows)('%s', async (_, row) => {
    const agent = await givenKubernetes(row.stage ? { stage: row.stage } : {});
    await row.arrange?.(agent);
    const image = agent.world.publish('v2', row.image ?? {});
    const { main } = await agent.deploy({ image, 'smoke-tests': '- GET /', ...row.inputs });
    expect(main.log).toMatch(row.says);
    expect(main.outputs['outcome']).toBe('deployed');
  });
});

function addNodeLater(agent: KubernetesAgent): void {
  sayOfUnscheduled(agent, 'TriggeredScaleUp', 'pod triggered scale-up');
  addNode(agent, 240_000);
}

function scaleInTheMiddle(agent: KubernetesAgent): void {
  const stop = agent.stage.every(500, async () => {
    const sets = objectsAt(await agent.stage.expect(paths.replicaSets), 'items');
    if (sets.length < 2) return;
    stop();
    const body = { spec: { replicas: 5 } };
    await agent.stage.expect(`${paths.deployment()}/scale?fieldManager=hpa`, {
      method: 'PATCH',
      patch: 'merge-patch+json',
      body,
    });
  });
}

describe('what an old pod has, and keeps until a new one is ready', () => {
  const ports = [{ containerPort: 8080, name: 'http', hostPort: 8080 }];
  const affinity = {
    podAntiAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: [
        { labelSelector: { matchLabels: { app: 'web' } }, topologyKey: 'kubernetes.io/hostname' },
      ],
    },
  };
  const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }];
  const held: readonly (readonly [string, Partial<StageOptions>, RegExp])[] = [
    ['a host port', withContainer({ ports }, 2), /didn't have free ports.*The host port is in use.*maxUnavailable: 1/],
    [
      'a node of its own',
      withPodSpec({ affinity }, 2),
      /anti-affinity rules.*let the rollout take an old pod away first/,
    ],
    ['a volume', withPodSpec({ volumes }, 1), /Multi-Attach error.*set `strategy: Recreate`/],
  ];
  const first = { rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } };

  test.each(held)('%s: ends at the platform’s own event', async (_, stage, says) => {
    const agent = await givenKubernetes({ stage });
    const before = agent.snapshot();
    const startedAt = agent.stage.now();
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), timeout: '30m' });
    expect(main.outputs).toMatchObject({ outcome: 'rolled-back' });
    expect(main.log).toMatch(says);
    expect(agent.stage.now() - startedAt).toBeLessThan(200_000);
    expect(agent.snapshot()).toEqual(before);
  });

  test.each(held)('%s: is waited for where an old pod goes first', async (_, { spec, ...stage }) => {
    const own = { strategy: first, template: { spec: { terminationGracePeriodSeconds: 300 } } };
    const lifecycle = { preStop: { sleep: { seconds: 150 } } };
    const agent = await givenKubernetes({ stage: { ...stage, spec: mergePatch(own, spec!) } });
    const containers = objectsAt(
      await agent.stage.expect(paths.deployment()),
      'spec',
      'template',
      'spec',
      'containers',
    );
    const body = { spec: { template: { spec: { containers: [{ ...containers[0], lifecycle }] } } } };
    await agent.stage.expect(paths.deployment(), { method: 'PATCH', body });
    await agent.stage.pass(60_000);
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), timeout: '30m' });
    expect(main.outputs).toMatchObject({ outcome: 'deployed' });
  });
});
