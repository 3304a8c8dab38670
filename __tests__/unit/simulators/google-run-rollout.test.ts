import { describe, expect, it } from '@jest/globals';
import type { CommonReason, RevisionReason } from '../../../simulators/google/run/state.ts';
import type { JsonObject } from '../../../simulators/json.ts';
import { GoogleStage, LATEST, pinned, SERVICE } from './google-stage.ts';

const nameOf = (path: unknown) => String(path).split('/').at(-1);
const one = { template: { revision: 'agent-one' } };
const crashes = { crash: { afterMs: 500, exitCode: 3, logs: [] } };

/** What it serves at its own address, asked so often. */
async function ask(stage: GoogleStage, url: string, times: number): Promise<string[]> {
  const answers: string[] = [];
  for (let n = 0; n < times; n += 1) answers.push(String((await stage.request(url)).body));
  return answers;
}

async function ready(stage: GoogleStage, revision: string): Promise<JsonObject> {
  const { conditions } = (await stage.revision(revision)) as { conditions: JsonObject[] };
  return conditions.find(({ type }) => type === 'Ready') ?? {};
}

describe('a good rollout', () => {
  it('reconciles until the new revision is ready and has the traffic', async () => {
    const stage = new GoogleStage();
    const url = stage.service(one);
    const operation = await stage.deploy(stage.image('v2'), 'agent-two');
    expect(operation).not.toHaveProperty('done');
    expect(await stage.get()).toMatchObject({
      ...{ generation: '2', observedGeneration: '1', reconciling: true },
      terminalCondition: { type: 'Ready', state: 'CONDITION_RECONCILING' },
    });
    expect(nameOf((await stage.get()).latestCreatedRevision)).toBe('agent-one');
    stage.advance(2);
    expect(nameOf((await stage.get()).latestCreatedRevision)).toBe('agent-two');
    expect(await ready(stage, 'agent-two')).toMatchObject({
      state: 'CONDITION_RECONCILING',
      revisionReason: 'PENDING',
    });
    expect(await ask(stage, url, 2)).toEqual(['agent v1', 'agent v1']);
    const startedAt = stage.now;
    const done = await stage.wait(operation);
    expect((stage.now - startedAt) / 1_000).toBeLessThan(10);
    expect(done.response).toMatchObject({
      observedGeneration: '2',
      terminalCondition: { state: 'CONDITION_SUCCEEDED' },
    });
    expect(done.response).not.toHaveProperty('reconciling');
    expect(nameOf(done.response?.latestReadyRevision)).toBe('agent-two');
    expect(await ask(stage, url, 2)).toEqual(['agent v2', 'agent v2']);
    expect(await stage.revision('agent-one')).toMatchObject({
      conditions: expect.arrayContaining([
        expect.objectContaining({
          type: 'Active',
          state: 'CONDITION_FAILED',
          severity: 'INFO',
          revisionReason: 'RETIRED',
        }),
      ]),
    });
  });

  it('may be asked for by a wait, which ends when the operation does or its time is over', async () => {
    const stage = new GoogleStage();
    stage.service(one);
    const { name } = await stage.deploy(stage.image('v2'), 'agent-two');
    const wait = (timeout: string) =>
      stage.request(`https://run.googleapis.com/v2/${name}:wait`, {
        ...{ method: 'POST', headers: { authorization: `Bearer ${stage.token}` } },
        body: Buffer.from(JSON.stringify({ timeout })),
      });
    const startedAt = stage.now;
    for (const [timeout, expected] of [
      ['3s', undefined],
      ['60s', true],
    ] as const) {
      let answer = await wait(timeout);
      while (answer.later) {
        stage.now = answer.later.at;
        answer = answer.later.answer();
      }
      expect((JSON.parse(String(answer.body)) as JsonObject)['done']).toBe(expected);
    }
    expect(stage.now - startedAt).toBe(8_000);
  });

  it('with its own address: only requests to that address reach it, until it gets a share', async () => {
    const stage = new GoogleStage();
    const url = stage.service({ ...one, traffic: [pinned('agent-one', 100)] });
    const traffic = [pinned('agent-one', 100), pinned('agent-two', 0, 'canary')];
    await stage.wait(await stage.deploy(stage.image('v2'), 'agent-two', { traffic }));
    const { trafficStatuses } = await stage.get();
    const tagUrl = String(trafficStatuses[1]?.['uri']);
    expect(tagUrl).toBe(url.replace('https://', 'https://canary---'));
    expect(await ask(stage, url, 20)).toEqual(Array(20).fill('agent v1'));
    expect(await ask(stage, tagUrl, 1)).toEqual(['agent v2']);
    await stage.wait(
      (await stage.patch({ traffic: [pinned('agent-one', 95), pinned('agent-two', 5, 'canary')] })).document,
    );
    const answers = await ask(stage, url, 100);
    expect(answers.filter((answer) => answer === 'agent v2')).toHaveLength(5);
    const served = stage.cloud.served(SERVICE).filter(({ revision }) => revision === 'agent-two');
    expect(served.map(({ by }) => by)).toEqual(['tag', ...Array(5).fill('weight')]);
    expect(served[0]).toMatchObject({ tag: 'canary', path: '/', status: 200 });
  });
});

describe('behaviour 30, 31: traffic that is pinned', () => {
  it('stays where it is, though the deployment ends well', async () => {
    const stage = new GoogleStage();
    const url = stage.service({ ...one, traffic: [pinned('agent-one', 100)] });
    const done = await stage.wait(await stage.deploy(stage.image('v2'), 'agent-two'));
    expect(done.response).toMatchObject({ terminalCondition: { state: 'CONDITION_SUCCEEDED' } });
    expect(nameOf(done.response?.latestReadyRevision)).toBe('agent-two');
    expect(await ask(stage, url, 3)).toEqual(Array(3).fill('agent v1'));
  });
});

describe('behaviour 32: desired traffic that still names a failed revision', () => {
  it('makes the next good deployment report the old failure', async () => {
    const stage = new GoogleStage();
    const url = stage.service({ ...one, traffic: [pinned('agent-one', 100)] });
    const traffic = [pinned('agent-one', 90), pinned('agent-two', 10, 'probe')];
    await stage.wait(await stage.deploy(stage.image('v2', crashes), 'agent-two', { traffic }));
    const done = await stage.wait(await stage.deploy(stage.image('v3'), 'agent-three'));
    expect(done.error?.message).toContain("Revision 'agent-two' is not ready and cannot serve traffic.");
    const view = await stage.get();
    expect(nameOf(view.latestReadyRevision)).toBe('agent-three');
    expect(view.terminalCondition).toMatchObject({ state: 'CONDITION_FAILED', reason: 'REVISION_FAILED' });
    expect(view.trafficStatuses).toEqual([pinned('agent-one', 100)]);
    expect(await ask(stage, url, 5)).toEqual(Array(5).fill('agent v1'));
  });
});

describe('a revision that fails', () => {
  const neverListens = { readyAfterMs: 3_600_000 };
  const probed = { startupProbe: { httpGet: { path: '/startup' }, periodSeconds: 5, failureThreshold: 3 } };
  const answers = { '/startup': { status: 500 } };

  it.each<[string, object, object, string, string, number]>([
    [
      '33: its container crashes',
      crashes,
      {},
      'HEALTH_CHECK_CONTAINER_ERROR',
      'failed to start and listen on the port defined provided by the PORT=8080',
      5,
    ],
    [
      '33: its container never listens',
      neverListens,
      {},
      'HEALTH_CHECK_CONTAINER_ERROR',
      'within the allocated timeout',
      244,
    ],
    [
      '34: its startup probe fails',
      { answers },
      probed,
      'HEALTH_CHECK_CONTAINER_ERROR',
      'failed the configured startup probe checks',
      19,
    ],
  ])('behaviour %s', async (_, behaviour, container, reason, message, afterS) => {
    const stage = new GoogleStage();
    const url = stage.service(one);
    const { template } = await stage.get();
    const startedAt = stage.now;
    const containers = [{ image: stage.image('v2', behaviour), ...container }];
    const { document } = await stage.patch({ template: { ...template, revision: 'agent-two', containers } });
    const done = await stage.wait(document);
    expect(done.error).toMatchObject({ code: 13, message: expect.stringContaining(message) });
    expect(done.error?.message).toContain('Logs URL: https://console.cloud.google.com/logs/viewer');
    expect(Math.round((stage.now - startedAt) / 1_000)).toBe(afterS);
    expect(await ready(stage, 'agent-two')).toMatchObject({ state: 'CONDITION_FAILED', revisionReason: reason });
    // The old one goes on serving, and the status is that of the last state that served.
    const view = await stage.get();
    expect(view).toMatchObject({ generation: '2', observedGeneration: '1', trafficStatuses: [LATEST] });
    expect(view.terminalCondition).toMatchObject({ state: 'CONDITION_FAILED', reason: 'REVISION_FAILED' });
    expect([nameOf(view.latestReadyRevision), nameOf(view.latestCreatedRevision)]).toEqual(['agent-one', 'agent-two']);
    expect(await ask(stage, url, 2)).toEqual(['agent v1', 'agent v1']);
  });

  it('for want of its image', async () => {
    const stage = new GoogleStage();
    stage.service(one);
    const done = await stage.wait(await stage.deploy('ghcr.io/acme/agent:none', 'agent-two'));
    expect(done.error?.message).toBe(
      "Revision 'agent-two' is not ready and cannot serve traffic. Image 'ghcr.io/acme/agent:none' not found.",
    );
    expect(await ready(stage, 'agent-two')).toMatchObject({ reason: 'CONTAINER_MISSING' });
  });

  it('because the service agent may not read its image, or its account not its secret', async () => {
    const stage = new GoogleStage();
    stage.service(one);
    stage.cloud.denyImages('ghcr.io/');
    stage.cloud.denySecret('openai-api-key');
    await stage.wait(await stage.deploy('ghcr.io/acme/agent:v2', 'agent-two'));
    expect(await ready(stage, 'agent-two')).toMatchObject({
      reason: 'CONTAINER_PERMISSION_DENIED',
      message: expect.stringContaining('service-415104041262@serverless-robot-prod.iam.gserviceaccount.com'),
    });
    const env = [{ name: 'KEY', valueSource: { secretKeyRef: { secret: 'openai-api-key', version: '3' } } }];
    const template = { revision: 'agent-three', containers: [{ image: stage.image('v3'), env }] };
    await stage.wait((await stage.patch({ template })).document);
    expect(await ready(stage, 'agent-three')).toMatchObject({
      reason: 'SECRETS_ACCESS_CHECK_FAILED',
      message: expect.stringContaining(
        'Permission denied on secret: projects/acme-prod/secrets/openai-api-key/versions/3',
      ),
    });
  });

  const reasons: (CommonReason | RevisionReason)[] = [
    ...([
      'PROGRESS_DEADLINE_EXCEEDED',
      'CONTAINER_IMAGE_UNAUTHORIZED',
      'CONTAINER_IMAGE_AUTHORIZATION_CHECK_FAILED',
    ] as const),
    ...([
      'ENCRYPTION_KEY_PERMISSION_DENIED',
      'ENCRYPTION_KEY_CHECK_FAILED',
      'VPC_NETWORK_NOT_FOUND',
      'INTERNAL',
    ] as const),
    ...(['ACTIVE_REVISION_LIMIT_REACHED', 'NO_DEPLOYMENT'] as const),
  ];
  it.each(reasons)('for any other reason that a test names: %s', async (reason) => {
    const isCommon = !['ACTIVE_REVISION_LIMIT_REACHED', 'NO_DEPLOYMENT'].includes(reason);
    const why = isCommon ? { reason: reason as CommonReason } : { revisionReason: reason as RevisionReason };
    const stage = new GoogleStage();
    stage.service({ ...one, staging: { failRevisions: { why, message: 'as staged' } } });
    const done = await stage.wait(await stage.deploy(stage.image('v2'), 'agent-two'));
    expect(done.error?.message).toContain('as staged');
    expect(await ready(stage, 'agent-two')).toMatchObject(why);
  });

  it('that is stuck ends at the progress deadline', async () => {
    const stage = new GoogleStage();
    stage.service({ ...one, staging: { stuck: true } });
    const done = await stage.wait(await stage.deploy(stage.image('v2'), 'agent-two'));
    expect(done.error?.message).toContain('progress deadline');
    expect(await ready(stage, 'agent-two')).toMatchObject({ reason: 'PROGRESS_DEADLINE_EXCEEDED' });
  });

  it('keeps the service failed after a change of the traffic alone, which is made all the same', async () => {
    const stage = new GoogleStage();
    stage.service(one);
    await stage.wait(await stage.deploy(stage.image('v2', crashes), 'agent-two'));
    const done = await stage.wait((await stage.patch({ traffic: [pinned('agent-one', 100, 'old')] })).document);
    expect(done.error?.message).toContain("Revision 'agent-two' is not ready");
    expect((await stage.get()).trafficStatuses).toMatchObject([{ revision: 'agent-one', tag: 'old' }]);
    const restored = {
      ...(await stage.get()).template,
      revision: 'agent-one',
      containers: [{ image: stage.image('v1') }],
    };
    expect((await stage.wait((await stage.patch({ template: restored })).document)).error).toBeUndefined();
    expect((await stage.get()).terminalCondition).toMatchObject({ state: 'CONDITION_SUCCEEDED' });
  });
});

describe('behaviour 36: traffic to a deleted revision', () => {
  it('ends with code 13, and nothing changes', async () => {
    const stage = new GoogleStage();
    stage.service(one);
    const traffic = [pinned('agent-one', 50), pinned('agent-zero', 50)];
    const done = await stage.wait((await stage.patch({ traffic })).document);
    expect(done.error).toEqual({
      code: 13,
      message:
        "Revision 'agent-zero' does not exist or is deleted. Update all traffic to route to currently available revisions.",
    });
    expect((await stage.get()).trafficStatuses).toEqual([LATEST]);
  });
});

describe('behaviour 38: another deployment at the same time', () => {
  it('makes LATEST mean their revision, while our operation ends well', async () => {
    const stage = new GoogleStage();
    const url = stage.service(one);
    const ours = await stage.deploy(stage.image('v2'), 'agent-two');
    stage.advance(2);
    stage.cloud.foreignDeploy(SERVICE, stage.image('theirs'));
    const done = await stage.wait(ours);
    expect(done.error).toBeUndefined();
    expect(nameOf(done.response?.latestReadyRevision)).toMatch(/^agent-00003-/);
    expect(await ask(stage, url, 2)).toEqual(['agent theirs', 'agent theirs']);
  });

  it('may change the traffic too, or anything else', async () => {
    const stage = new GoogleStage();
    stage.service(one);
    const { etag } = await stage.get();
    stage.cloud.foreignTraffic(SERVICE, [pinned('agent-one', 100, 'theirs')]);
    stage.cloud.foreignUpdate(SERVICE, { labels: { team: 'theirs' } });
    stage.advance(10);
    const view = await stage.get();
    expect(view).toMatchObject({ labels: { team: 'theirs' }, traffic: [{ tag: 'theirs' }] });
    expect(view['lastModifier']).toBe('another-user@acme.iam.gserviceaccount.com');
    expect(view.etag).not.toBe(etag);
  });
});

describe('behaviour 40: what is read meanwhile', () => {
  it('may be the state before the change, for a time that a test sets', async () => {
    const stage = new GoogleStage();
    stage.service({ ...one, staging: { staleReadsMs: 3_000 } });
    const before = await stage.get();
    await stage.deploy(stage.image('v2'), 'agent-two');
    stage.advance(2);
    expect(await stage.get()).toEqual(before);
    stage.advance(1);
    expect(await stage.get()).toMatchObject({ generation: '2', observedGeneration: '1', reconciling: true });
  });

  it('holds conditions that only look like failures: a revision at 0 % whose minimum of instances is not provisioned', async () => {
    const stage = new GoogleStage();
    stage.service({ ...one, traffic: [pinned('agent-one', 100)] });
    const scaling = { minInstanceCount: 2 };
    const template = { revision: 'agent-two', scaling, containers: [{ image: stage.image('v2') }] };
    const traffic = [pinned('agent-one', 100), pinned('agent-two', 0, 'canary')];
    const done = await stage.wait((await stage.patch({ template, traffic })).document);
    expect(done.error).toBeUndefined();
    const { conditions } = (await stage.revision('agent-two')) as { conditions: JsonObject[] };
    expect(conditions).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ type: 'Ready', state: 'CONDITION_SUCCEEDED' }),
        expect.objectContaining({ type: 'Active', severity: 'INFO', revisionReason: 'RESERVE' }),
        expect.objectContaining({
          ...{ type: 'MinInstancesProvisioned', state: 'CONDITION_FAILED', severity: 'INFO' },
          revisionReason: 'MIN_INSTANCES_NOT_PROVISIONED',
        }),
      ]),
    );
  });

  it('and whatever condition a test adds', async () => {
    const stage = new GoogleStage();
    stage.service(one);
    const warming = {
      type: 'MinInstancesProvisioned',
      state: 'CONDITION_RECONCILING',
      revisionReason: 'MIN_INSTANCES_WARMING',
    };
    stage.cloud.addCondition(SERVICE, 'agent-one', warming);
    expect((await stage.revision('agent-one'))['conditions']).toContainEqual(warming);
  });
});
