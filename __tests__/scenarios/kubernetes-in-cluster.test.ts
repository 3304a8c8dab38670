import { afterEach, describe, expect, test } from '@jest/globals';
import type { Behaviour } from '../../simulators/behaviour.ts';
import { type JsonObject, objectAt, objectsAt, textAt } from '../../simulators/json.ts';
import { ApiError } from '../../simulators/kubernetes/api/api-error.ts';
import { stateOf } from '../../simulators/kubernetes-scene.ts';
import { paths } from '../../simulators/kubernetes-stage.ts';
import { closeAgents } from './agent.ts';
import { givenKubernetes } from './kubernetes-agent.ts';
import { enforcePodSecurity, setQuota } from './kubernetes-troubles.ts';
import { watchTraffic } from './watch-kubernetes-split.ts';
import { smokeTestsLeft, watchJobs } from './watch-smoke-jobs.ts';

afterEach(closeAgents);

const good: Partial<Behaviour> = {
  version: 'v2',
  answers: {
    '/predict': { status: 200, headers: { 'x-model': 'cat' }, body: '{"label": "greeting"}' },
    '/echo': { status: 200, echo: true },
    '/old': { status: 302, headers: { location: '/predict' } },
    '/away': { status: 302, headers: { location: 'http://elsewhere.shop.svc/' } },
    '/slow': { status: 200, delayMs: 3_000 },
    '/down': { status: 503, body: 'no model: s3cret-of-the-page' },
  },
};
const TOKEN = 'smoke-test-token-0123456789';

describe('smoke tests with in-cluster: true', () => {
  test('ask the Service from a pod of the cluster, with all that a smoke test may say', async () => {
    const agent = await givenKubernetes();
    const jobs = watchJobs(agent);
    const smokeTests = `
- GET /predict: { in-cluster: true, json: { label: greeting }, header: { x-model: cat }, within: 1s, passes: 2 }
- POST /echo?key=${TOKEN}: { in-cluster: true, headers: { authorization: Bearer ${TOKEN}, x-empty: '' }, json-body: { a: 1 },
    json: { method: POST, body: '{"a":1}' }, contains: 'Bearer ${TOKEN}' }
- GET /old: { in-cluster: true, contains: greeting }
- HEAD /predict: { in-cluster: true, header: { x-model: cat } }
- run: |
    echo "url $DEPLOY_URL revision $DEPLOY_REVISION image $DEPLOY_IMAGE"
    wget "$DEPLOY_URL/predict"
  in-cluster: true
- GET https://shop.example/who: { contains: v2 }`;
    const { main, post } = await agent.deploy({ image: agent.world.publish('v2', good), 'smoke-tests': smokeTests });
    expect({ outcome: main.outputs['outcome'], log: main.log }).toEqual({ outcome: 'deployed', log: main.log });
    expect(main.log).toMatch(/url http:\/\/web\.shop\.svc:80 revision web-\w+ image \S+@sha256:/);
    expect(main.log).toContain('{"label": "greeting"}');
    // Revision and image are known to the log: nothing of ours is taken for a secret.
    expect(main.log).toMatch(/web-\w+ serves: 3 of 3 pods updated/);
    // Two passes, one, two hops, one and the script.
    expect(jobs).toHaveLength(7);
    for (const { text } of jobs) expect(text).not.toContain(TOKEN);
    expect(main.log + main.summary + post.log).not.toContain(TOKEN);
    expect(await smokeTestsLeft(agent)).toEqual([]);
    expect(main.log).not.toContain('***');
  });

  test('their Job fits where Pod Security is "restricted", and no Service selects its pod', async () => {
    const restricted = {
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    };
    const agent = await givenKubernetes();
    const template = objectAt(await agent.stage.expect(paths.deployment()), 'spec', 'template', 'spec');
    const containers = objectsAt(template, 'containers').map((one) => ({
      ...one,
      securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
    }));
    const body = { spec: { template: { spec: { ...restricted, containers, imagePullSecrets: [{ name: 'pull' }] } } } };
    await agent.stage.expect(paths.deployment(), { method: 'PATCH', patch: 'merge-patch+json', body });
    await enforcePodSecurity(agent, 'restricted');
    await agent.stage.pass(30_000);
    const jobs = watchJobs(agent);
    const smokeTests = '- GET /predict: { in-cluster: true }\n- run: echo done\n  in-cluster: true';
    // Nothing is asked from here, so no address is needed.
    const inputs = { image: agent.world.publish('v2', good), 'smoke-tests': smokeTests, url: '' };
    const { main } = await agent.deploy(inputs);
    expect({ outcome: main.outputs['outcome'], log: main.log }).toEqual({ outcome: 'deployed', log: main.log });
    expect(jobs[0]!.job).toMatchObject({
      metadata: { name: 'web-smoke-test', ownerReferences: [{ kind: 'Deployment', name: 'web' }] },
      spec: {
        ...{ backoffLimit: 0, ttlSecondsAfterFinished: 60, activeDeadlineSeconds: expect.any(Number) },
        template: {
          metadata: { labels: { 'deploy-agent.dev/smoke-test-of': 'web' } },
          spec: { automountServiceAccountToken: false, imagePullSecrets: [{ name: 'pull' }], restartPolicy: 'Never' },
        },
      },
    });
    expect(objectAt(jobs[0]!.job, 'spec', 'template', 'metadata', 'labels')).not.toHaveProperty('app');
    const images = jobs.map(({ job }) => textAt(objectsAt(job, 'spec', 'template', 'spec', 'containers')[0], 'image'));
    expect(images[0]).toMatch(/^docker\.io\/curlimages\/curl:\S+@sha256:[0-9a-f]{64}$/);
    expect(images[1]).toBe(main.outputs['image']);
  });

  const failures: readonly (readonly [string, string, RegExp])[] = [
    [
      'status',
      '- GET /down: { in-cluster: true, retry-for: 5s }',
      /expected a status from 200 to 299, got 503: "no model/,
    ],
    [
      'time',
      '- GET /slow: { in-cluster: true, within: 1s, retry-for: 0s }',
      /could not request web\.shop\.svc in the cluster: it did not answer in time/,
    ],
    [
      'a redirect that leaves',
      '- GET /away: { in-cluster: true, retry-for: 0s }',
      /a redirect to another origin \(http:\/\/elsewhere/,
    ],
    [
      'a host that is not there',
      '- GET http://nowhere.shop.svc/: { in-cluster: true, retry-for: 0s }',
      /in the cluster: Could not resolve host: nowhere/,
    ],
    [
      'an exit code, with the last log lines',
      '- run: |\n    echo looking\n    exit 3\n  in-cluster: true',
      /exit code 3; last log lines: "looking"/,
    ],
    ['a time limit', '- run: sleep 600\n  timeout: 5s\n  in-cluster: true', /not done within 5s, so it was stopped/],
    [
      'an image without curl',
      '- GET /: { in-cluster: true, image: busybox:1.37 }',
      /its program can’t be run: StartError: .*"curl": executable file not found/,
    ],
    [
      'an image that is not there',
      '- GET /: { in-cluster: true, image: docker.io/acme/nothing:1 }',
      /could not run it in the cluster: pod web-smoke-test-\w+, container smoke-test: \w+: its image can’t be pulled/,
    ],
  ];
  test.each(failures)('that fail by %s roll back, and nothing is left', async (_what, smokeTests, says) => {
    const agent = await givenKubernetes();
    const before = await stateOf(agent.stage);
    const startedAt = agent.stage.now();
    const { main } = await agent.deploy({ image: agent.world.publish('v2', good), 'smoke-tests': smokeTests });
    expect({ outcome: main.outputs['outcome'], log: main.log }).toMatchObject({ log: expect.stringMatching(says) });
    // The previous revision passes none of them either; of what did not run, it is not known.
    const didRun = !main.log.includes('could not run it in the cluster');
    expect(main.outputs['outcome']).toBe(didRun && !main.log.includes('✓') ? 'rollback-unconfirmed' : 'rolled-back');
    expect(agent.stage.now() - startedAt).toBeLessThan(120_000);
    expect(await smokeTestsLeft(agent)).toEqual([]);
    expect(await stateOf(agent.stage)).toEqual(before);
  });

  test('a quota that leaves no room for their pod is told in seconds, as the cause', async () => {
    const agent = await givenKubernetes();
    const smokeTests = '- GET /predict: { in-cluster: true, retry-for: 5s }';
    // Full only after the rollout: a quota that leaves no room for that refuses it before.
    let wasMore = false;
    const stop = agent.stage.every(500, async () => {
      const pods = objectsAt(await agent.stage.expect(paths.pods), 'items').length;
      wasMore ||= pods > 3;
      await setQuota(agent, wasMore && pods === 3 ? 3 : 10);
    });
    const { main } = await agent.deploy({ image: agent.world.publish('v2', good), 'smoke-tests': smokeTests });
    stop();
    expect({ outcome: main.outputs['outcome'], log: main.log }).toMatchObject({
      log: expect.stringMatching(
        /could not run it in the cluster: its pod was refused: .*exceeded quota.*Raise the ResourceQuota/,
      ),
    });
  });
});

describe('what the cluster does not run is told as the cause, in seconds', () => {
  const isTest = (pod: JsonObject) => textAt(pod, 'metadata', 'labels', 'deploy-agent.dev/smoke-test-of') !== '';
  const noNode = (pod: JsonObject): JsonObject => ({
    ...pod,
    spec: { ...objectAt(pod, 'spec'), nodeSelector: { disk: 'none' } },
  });
  const refused = new ApiError(403, 'Forbidden', 'admission webhook "pods.acme.dev" denied the request: not signed');
  test.each([
    [
      'no room on any node',
      noNode,
      /could not run it in the cluster: pod web-smoke-test-\w+: Unschedulable: no node has room for it .*Lower the resource requests/,
    ],
    [
      'a policy of pods',
      () => refused,
      /could not run it in the cluster: its pod was refused: .*pods\.acme\.dev.*not signed/,
    ],
  ] as const)('%s', async (_what, review, says) => {
    const agent = await givenKubernetes();
    const image = agent.world.publish('v2', good);
    agent.world.kubernetes.admission.push({ kind: 'Pod', review: (pod) => (isTest(pod) ? review(pod) : pod) });
    const startedAt = agent.stage.now();
    const smokeTests = '- GET /predict: { in-cluster: true, retry-for: 0s }';
    const { main } = await agent.deploy({ image, 'smoke-tests': smokeTests });
    expect({ outcome: main.outputs['outcome'], log: main.log }).toMatchObject({
      ...{ outcome: 'rolled-back', log: expect.stringMatching(says) },
    });
    expect(main.log).toContain('Verified by reading it back; no smoke test could be run.');
    expect(agent.stage.now() - startedAt).toBeLessThan(100_000);
    expect(await smokeTestsLeft(agent)).toEqual([]);
  });
});

describe('with canary and blue-green', () => {
  test.each([
    ['canary', { strategy: 'canary', steps: '50% for 20s' }],
    ['blue-green', { strategy: 'blue-green', steps: '100% for 20s' }],
  ])('%s: each new pod is asked at its own address, before it gets traffic', async (_name, inputs) => {
    const agent = await givenKubernetes({ stage: { replicas: 2 } });
    const before = await stateOf(agent.stage);
    const jobs = watchJobs(agent);
    const traffic = watchTraffic(agent);
    const smokeTests = '- GET /down: { in-cluster: true, headers: { authorization: Bearer abc }, retry-for: 3s }';
    const { main } = await agent.deploy({
      image: agent.world.publish('v2', good),
      'smoke-tests': smokeTests,
      ...inputs,
    });
    expect({ outcome: main.outputs['outcome'], log: main.log }).toMatchObject({
      log: expect.stringMatching(/got 503/),
    });
    expect(traffic.answers.filter(({ version }) => version === 'v2')).toEqual([]);
    expect(jobs.length).toBeGreaterThan(1);
    expect(await smokeTestsLeft(agent)).toEqual([]);
    expect(await stateOf(agent.stage)).toEqual(before);
  });

  test('a canary passes with an authorization header, which the API server’s proxy would have kept', async () => {
    const agent = await givenKubernetes({ stage: { replicas: 2 } });
    const smokeTests =
      '- GET /echo: { in-cluster: true, headers: { authorization: Bearer abc }, contains: Bearer abc }';
    const image = agent.world.publish('v2', good);
    const { main } = await agent.deploy({ image, 'smoke-tests': smokeTests, strategy: 'canary', steps: '50% for 20s' });
    expect({ outcome: main.outputs['outcome'], log: main.log }).toEqual({ outcome: 'deployed', log: main.log });
    expect(await smokeTestsLeft(agent)).toEqual([]);
  });
});
