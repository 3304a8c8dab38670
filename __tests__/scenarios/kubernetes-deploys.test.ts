import { afterEach, describe, expect, test } from '@jest/globals';
import type { Behaviour } from '../../simulators/behaviour.ts';
import { type JsonObject, objectAt, objectsAt, textAt } from '../../simulators/json.ts';
import type { KubernetesAgent } from '../../simulators/kubernetes-agent.ts';
import { addSet, webContainer, webDeployment } from '../../simulators/kubernetes-scene.ts';
import { paths } from '../../simulators/kubernetes-stage.ts';
import { withoutMasks } from '../../simulators/secret-places.ts';
import { closeAgents } from './agent.ts';
import { givenKubernetes } from './kubernetes-agent.ts';
import { V1, withContainer } from './kubernetes-troubles.ts';
import { annotationsOf, deploymentOf, watchPatches } from './watch-kubernetes.ts';

afterEach(closeAgents);

const tests = { 'smoke-tests': '- GET /' };
const unfit: Partial<Behaviour> = { answers: { '/': { status: 500, body: 'no' } } };
const helm = { by: { manager: 'helm', apply: true } } as const;

/** As `helm upgrade` of Helm 4, with this image in the values. */
function upgrade({ stage }: KubernetesAgent, image: string) {
  const path = `${paths.deployment()}?fieldManager=helm`;
  return stage.api(path, { method: 'PATCH', patch: 'apply-patch+yaml', body: webDeployment({ image }) });
}

describe('a good image', () => {
  test('is rolled out without one failed request, in two requests, and says what it did', async () => {
    const agent = await givenKubernetes();
    const patches = watchPatches(agent);
    const visits = agent.watch();
    const { main } = await agent.deploy(
      { image: agent.world.publish('v2', {}), ...tests },
      { env: { GITHUB_REPOSITORY: 'acme/web', GITHUB_RUN_ID: '7' } },
    );
    visits.stop();
    expect(main.outputs).toMatchObject({ outcome: 'deployed', revision: expect.stringMatching(/^web-/) });
    expect([visits.failed, patches.length]).toEqual([0, 2]);
    expect(visits.asked).toBeGreaterThan(5);
    const cause = (await annotationsOf(agent))['kubernetes.io/change-cause'];
    expect(cause).toMatch(/^deploy-agent, acme\/web, run 7, attempt 1: ghcr\.io\/acme\/agent@sha256:/);
    expect(main.summary).toMatch(/the next kubectl apply sets it back without a word/);
  });

  test('that is live already is tested and left alone; `force` makes its pods again', async () => {
    const agent = await givenKubernetes();
    const image = agent.world.publish('v2', {});
    const first = await agent.deploy({ image, ...tests });
    const patches = watchPatches(agent);
    expect((await agent.deploy({ image, ...tests })).main.outputs['outcome']).toBe('unchanged');
    expect(patches).toEqual([]);
    const forced = await agent.deploy({ image, ...tests, force: 'true' });
    expect(forced.main.outputs).toMatchObject({
      outcome: 'deployed',
      'previous-revision': first.main.outputs['revision'],
    });
    expect(forced.main.outputs['revision']).not.toBe(first.main.outputs['revision']);
  });

  test('beside the platform’s address, where no `url` is given: an Ingress that leads to its Service', async () => {
    const agent = await givenKubernetes();
    const backend = { service: { name: 'web', port: { number: 80 } } };
    const rule = { host: 'shop.example', http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } };
    const ingress = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: { name: 'web' },
      spec: { tls: [{ hosts: ['shop.example'] }], rules: [rule] },
    };
    await agent.stage.expect('/apis/networking.k8s.io/v1/namespaces/shop/ingresses', {
      method: 'POST',
      body: ingress,
    });
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), ...tests, url: '' });
    expect(main.outputs).toMatchObject({ outcome: 'deployed', url: 'https://shop.example' });
  });

  test('with variables and references: order and duplicates stay, no value is printed', async () => {
    const env = [
      { name: 'A', value: '1' },
      { name: 'B', value: 'secret-of-b' },
      { name: 'A', value: '2' },
    ];
    const agent = await givenKubernetes({ stage: withContainer({ env }) });
    await agent.stage.expect('/api/v1/namespaces/shop/secrets', {
      method: 'POST',
      body: { metadata: { name: 'openai' }, data: { 'api-key': 'eA==' } },
    });
    const { main } = await agent.deploy({
      ...{ image: agent.world.publish('v2', {}), ...tests },
      ...{ 'environment-variables': 'C: value-of-c-0123', secrets: 'B: secret/openai/api-key' },
    });
    expect(main.outputs['outcome']).toBe('deployed');
    const [container] = objectsAt(await deploymentOf(agent), 'spec', 'template', 'spec', 'containers');
    expect(container!['env']).toEqual([
      env[0],
      { name: 'B', valueFrom: { secretKeyRef: { name: 'openai', key: 'api-key' } } },
      env[2],
      { name: 'C', value: 'value-of-c-0123' },
    ]);
    expect(main.log).toMatch(/container web: B becomes a reference/);
    expect(withoutMasks(main.log)).not.toMatch(/value-of-c|secret-of-b/);
  });

  test.each([
    ['StatefulSet', 'statefulset/db'],
    ['DaemonSet', 'ds/db'],
  ] as const)('of a %s', async (kind, workload) => {
    const agent = await givenKubernetes();
    await addSet(agent.stage, kind, { name: 'db', image: V1 });
    const before = agent.snapshot();
    const bad = await agent.deploy({
      image: agent.world.publish('v2', { crash: { afterMs: 300, exitCode: 1, logs: ['boom'] } }),
      workload,
      ...tests,
    });
    expect(bad.main.log).toMatch(/CrashLoopBackOff.*boom/s);
    expect(bad.main.outputs['outcome']).toBe('rolled-back');
    expect(agent.snapshot()).toEqual(before);
    const { main } = await agent.deploy({ image: agent.world.publish('v3', {}), workload, ...tests });
    expect(main.outputs['outcome']).toBe('deployed');
  });
});

describe('without a history', () => {
  test('the previous template stays until the end, and the limit is as before', async () => {
    const agent = await givenKubernetes({ stage: { spec: { revisionHistoryLimit: 0 } } });
    const before = agent.snapshot();
    expect((await agent.deploy({ image: agent.world.publish('v2', unfit), ...tests })).main.outputs['outcome']).toBe(
      'rolled-back',
    );
    expect(agent.snapshot()).toEqual(before);
    expect((await agent.deploy({ image: agent.world.publish('v3', {}), ...tests })).main.outputs['outcome']).toBe(
      'deployed',
    );
    const deployment = await deploymentOf(agent);
    expect(objectAt(deployment, 'spec')['revisionHistoryLimit']).toBe(0);
    const owners = objectsAt(deployment, 'metadata', 'managedFields').filter((entry) =>
      JSON.stringify(entry).includes('f:revisionHistoryLimit'),
    );
    expect(owners.map(({ manager }) => manager)).toEqual(['kubectl-client-side-apply']);
  });
});

describe('beside Helm 4, which applies (reports 2 and 3)', () => {
  test('after a rollback, its next upgrade meets no conflict with us', async () => {
    const agent = await givenKubernetes({ stage: helm });
    const before = agent.snapshot();
    const { main } = await agent.deploy({ image: agent.world.publish('v2', unfit), ...tests });
    expect(main.outputs['outcome']).toBe('rolled-back');
    expect(agent.snapshot()).toEqual(before);
    expect((await upgrade(agent, agent.world.publish('v3', {}))).status).toBe(200);
  });

  test('after a success the conflict to come is told, with the flag, and it comes', async () => {
    const agent = await givenKubernetes({ stage: { ...helm, annotations: { 'meta.helm.sh/release-name': 'shop' } } });
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), ...tests });
    expect(main.log).toMatch(/Helm installed it \(release shop\)/);
    expect(main.summary).toMatch(/next helm upgrade with another image reports a conflict with.*--force-conflicts/);
    const { status, text } = await upgrade(agent, agent.world.publish('v3', {}));
    expect([status, text]).toEqual([409, expect.stringContaining('conflict with \\"deploy-agent\\"')]);
  });
});

describe('beside policies that rewrite the template (report 12)', () => {
  const mutate =
    (change: (container: JsonObject) => JsonObject) =>
    (object: JsonObject): JsonObject => {
      const spec = objectAt(object, 'spec', 'template', 'spec');
      const containers = objectsAt(spec, 'containers').map(change);
      const template = { ...objectAt(object, 'spec', 'template'), spec: { ...spec, containers } };
      return { ...object, spec: { ...objectAt(object, 'spec'), template } };
    };

  test('limits that are injected are no other deployment, and the second run is unchanged', async () => {
    const agent = await givenKubernetes();
    agent.world.kubernetes.admission.push({
      kind: 'Deployment',
      review: mutate((container) => ({ ...container, resources: { limits: { memory: '1Gi' } } })),
    });
    const image = agent.world.publish('v2', {});
    expect((await agent.deploy({ image, ...tests })).main.outputs['outcome']).toBe('deployed');
    expect((await agent.deploy({ image, ...tests })).main.outputs['outcome']).toBe('unchanged');
  });

  test('one that writes something else each time is told; images tell what is ours', async () => {
    const agent = await givenKubernetes();
    let count = 0;
    // As such policies do: at each request that changes the image, and at no other.
    const stamp = (container: JsonObject): JsonObject => {
      const isStamped = objectsAt(container, 'env').some(({ value }) =>
        String(value).endsWith(String(container['image'])),
      );
      return isStamped ? container : { ...container, env: [{ name: 'AT', value: `${++count} ${container['image']}` }] };
    };
    agent.world.kubernetes.admission.push({ kind: 'Deployment', review: mutate(stamp) });
    const image = agent.world.publish('v2', {});
    const { main } = await agent.deploy({ image, ...tests });
    expect(main.log).toMatch(/::warning::an admission policy of the cluster changes the pod template/);
    expect(main.outputs['outcome']).toBe('deployed');
  });
});

test('the plan names the differences and the rollback, and changes nothing', async () => {
  const agent = await givenKubernetes();
  const before = agent.snapshot();
  const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), ...tests, mode: 'plan' });
  expect(main.outputs['outcome']).toBe('planned');
  expect(main.summary).toMatch(/container web: image .* -&gt; .*A rollback would restore web-/s);
  expect(agent.snapshot()).toEqual(before);
});

test('an init container gets the image by its name', async () => {
  const spec = {
    template: { spec: { initContainers: [{ ...webContainer(V1), name: 'migrate', readinessProbe: null }] } },
  };
  const agent = await givenKubernetes({ stage: { spec } });
  const plan = await agent.deploy({ image: agent.world.publish('v2', {}), container: 'migrate', mode: 'plan' });
  expect(plan.main.summary).toMatch(/init container migrate: image/);
  expect(textAt(await deploymentOf(agent), 'kind')).toBe('Deployment');
});
