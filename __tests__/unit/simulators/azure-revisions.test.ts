import { afterEach, describe, expect, it } from '@jest/globals';
import type { AppOptions } from '../../../simulators/azure/add-app.ts';
import { REGISTRY_HOST } from '../../../simulators/azure/azure-cloud.ts';
import {
  APP,
  APP_PATH,
  type AzureStage,
  getApp,
  getRevision,
  openAzureStage,
  patch,
  revisionUntil,
  template,
  traffic,
} from '../../fixtures/azure/azure-stage.ts';

let stage: AzureStage;

afterEach(() => stage.close());

const open = async (options: Partial<AppOptions> = {}): Promise<void> => {
  stage = await openAzureStage({ revisionSuffix: 'v1', ...options });
};
const seconds = (count: number): Promise<void> => stage.world.clock.advance(count * 1_000);
const pinned = traffic({ revisionName: 'agent--v1', weight: 100 });
const deploy = (image: string, suffix: string | null = 'v2') =>
  stage.arm('PATCH', APP_PATH, { properties: { ...template(image, suffix), ...pinned } });
const look = async (suffix: string) =>
  (await stage.arm('GET', `${APP_PATH}/revisions/agent--${suffix}`)).body.properties;
const states = async (suffix: string): Promise<string> => {
  const { provisioningState, healthState, runningState, active } = await look(suffix);
  return `${provisioningState} ${healthState} ${runningState}${active ? '' : ' inactive'}`;
};
const containerOf = async (suffix: string) =>
  (await stage.arm('GET', `${APP_PATH}/revisions/agent--${suffix}/replicas`)).body.value[0]?.properties.containers[0];
const appState = async () => (await stage.arm('GET', APP_PATH)).body.properties;
const follow = async (headers: Readonly<Record<string, string>>) =>
  (await stage.arm('GET', (headers['azure-asyncoperation'] ?? '').replace('https://management.azure.com', ''))).body;

describe('a new revision', () => {
  it("is seen by Microsoft's own client to come up with no traffic, then takes it", async () => {
    await open();
    const image = stage.image('v2');
    const results = await stage.order([
      patch({ ...template(image, 'v2'), ...pinned }),
      getRevision('v2'),
      revisionUntil('v2', '"healthState":"Healthy"'),
      getRevision('v2'),
      { call: 'containerAppsRevisions.listRevisions', args: [APP] },
      { call: 'containerAppsRevisionReplicas.listReplicas', args: [APP, 'agent--v2'] },
      getApp,
    ]);
    expect(results[1]?.error).toMatchObject({ status: 404 });
    expect(results[2]?.tookMs).toBe(9_000);
    expect(results[3]?.value).toMatchObject({
      active: true,
      replicas: 1,
      trafficWeight: 0,
      healthState: 'Healthy',
      provisioningState: 'Provisioned',
      runningState: 'Running',
      fqdn: new URL(stage.world.azure.revisionUrl(APP, 'v2')).host,
    });
    expect(results[4]?.value.map(({ name, trafficWeight }: never) => [name, trafficWeight])).toEqual([
      ['agent--v1', 100],
      ['agent--v2', 0],
    ]);
    expect(results[5]?.value.value[0].containers[0]).toMatchObject({
      ready: true,
      restartCount: 0,
      runningState: 'Running',
    });
    expect(results[6]?.value).toMatchObject({ latestRevisionName: 'agent--v2', latestReadyRevisionName: 'agent--v2' });
  });

  it('goes through its states one by one', async () => {
    await open();
    await deploy(stage.image('v2'));
    const seen: string[] = [];
    for (let second = 0; second < 12; second += 1) {
      await seconds(1);
      const state = await states('v2');
      if (state !== seen.at(-1)) seen.push(state);
    }
    expect(seen).toEqual([
      'Provisioning None Processing',
      'Provisioned None Activating',
      'Provisioned Healthy Running',
    ]);
  });

  it('may be as large as it gets', async () => {
    await open({ minReplicas: 2, maxReplicas: 2 });
    expect(await states('v1')).toBe('Provisioned Healthy RunningAtMaxScale');
  });

  it('can be shown with the documented states only', async () => {
    await open({ minReplicas: 2, maxReplicas: 2, staging: { documentedStatesOnly: true } });
    expect(await states('v1')).toBe('Provisioned Healthy Running');
  });

  it('takes the traffic by itself where that goes to the latest', async () => {
    await open();
    await stage.arm('PATCH', APP_PATH, { properties: template(stage.image('v2'), 'v2') });
    await seconds(8);
    expect(String((await stage.visit(stage.url)).body)).toBe('v1');
    await seconds(2);
    expect(String((await stage.visit(stage.url)).body)).toBe('v2');
  });

  it('is not made where the template is as it was', async () => {
    await open();
    await stage.arm('PATCH', APP_PATH, { properties: pinned });
    await seconds(10);
    expect((await appState()).latestRevisionName).toBe('agent--v1');
  });
});

describe('a suffix', () => {
  it('that another revision has is refused in the operation', async () => {
    await open();
    const { headers } = await deploy(stage.image('v2'), 'v1');
    await seconds(6);
    const { status, error } = await follow(headers);
    expect(status).toBe('Failed');
    expect(error.message).toContain("Field 'template.revisionsuffix' is invalid");
    expect(error.message).toContain('revision with suffix v1 already exists');
    expect((await appState()).provisioningState).toBe('Failed');
  });

  it('that another revision has can be staged to change nothing, silently', async () => {
    await open({ staging: { sameSuffix: 'ignored' } });
    const image = stage.image('v2');
    const { headers } = await deploy(image, 'v1');
    await seconds(20);
    expect((await follow(headers)).status).toBe('Succeeded');
    const app = await appState();
    expect([app.latestRevisionName, app.template.containers[0].image]).toEqual(['agent--v1', image]);
    expect(String((await stage.visit(stage.url)).body)).toBe('v1');
  });

  it('that makes a name of more than 54 characters is refused at once', async () => {
    await open();
    const { status, body } = await deploy(stage.image('v2'), 'x'.repeat(48));
    expect([status, body.error.code]).toEqual([400, 'ContainerAppInvalidRevisionName']);
  });
});

describe('a revision that does not come up', () => {
  const crash = { crash: { afterMs: 500, exitCode: 3, logs: ["KeyError: 'OPENAI_API_KEY'"] } };

  it('is a success for ARM all the same (41), and fails to activate ten minutes later (42)', async () => {
    await open();
    const { headers } = await deploy(stage.image('v2', crash));
    await seconds(30);
    expect((await follow(headers)).status).toBe('Succeeded');
    expect(await states('v2')).toBe('Provisioned None Activating');
    const restarting = await containerOf('v2');
    expect(restarting).toMatchObject({
      ready: false,
      runningState: 'Waiting',
      runningStateDetails: 'CrashLoopBackOff',
    });
    expect(restarting.restartCount).toBeGreaterThan(0);
    await seconds(580);
    expect(await states('v2')).toBe('Failed Unhealthy ActivationFailed');
    expect((await look('v2')).provisioningError).toBe('Deployment Progress Deadline Exceeded. 0/1 replicas ready.');
    expect(String((await stage.visit(stage.url)).body)).toBe('v1');
  });

  it('can be waited for by the operation, which expires then (50)', async () => {
    await open({ staging: { operationEnds: 'ready', operationDeadlineMs: 60_000 } });
    const { headers } = await deploy(stage.image('v2', crash));
    await seconds(59);
    expect((await follow(headers)).status).toBe('InProgress');
    await seconds(2);
    const { status, error } = await follow(headers);
    expect([status, error.message]).toEqual([
      'Failed',
      "Failed to provision revision for container app 'agent'. Error details: Operation expired.",
    ]);
  });

  it('can have replicas that run well (43)', async () => {
    await open({ staging: { neverReady: true } });
    await deploy(stage.image('v2'));
    await seconds(900);
    expect(await states('v2')).toBe('Provisioned None Activating');
    expect(await containerOf('v2')).toMatchObject({ ready: true, runningState: 'Running', restartCount: 0 });
  });

  it.each([
    ['at-request', 400, 'Succeeded'],
    ['at-operation', 202, 'Failed'],
    ['at-start', 202, 'Succeeded'],
  ] as const)('for want of its image says so %s', async (imageCheck, status, provisioningState) => {
    await open({ staging: { imageCheck } });
    const answer = await deploy(`${REGISTRY_HOST}/agent:missing`);
    expect(answer.status).toBe(status);
    await seconds(20);
    expect((await appState()).provisioningState).toBe(provisioningState);
    if (imageCheck === 'at-request') expect(answer.body.error.message).toContain('MANIFEST_UNKNOWN');
    if (imageCheck === 'at-operation')
      expect((await follow(answer.headers)).error.message).toContain('MANIFEST_UNKNOWN');
    if (imageCheck === 'at-start') {
      expect(await containerOf('v2')).toMatchObject({
        runningState: 'Waiting',
        runningStateDetails: 'ImagePullBackOff',
      });
    }
  });

  it('may not pull from a registry that the app does not name', async () => {
    await open({ configuration: { registries: [{ server: REGISTRY_HOST, identity: 'system' }] } });
    const answer = await stage.arm('PATCH', APP_PATH, {
      properties: { ...template(stage.image('v2'), 'v2'), configuration: { registries: [] } },
    });
    await seconds(10);
    expect((await follow(answer.headers)).error.message).toContain('UNAUTHORIZED: authentication required');
  });

  it('was good for 40 seconds and is degraded then', async () => {
    await open();
    await deploy(stage.image('v2', { unhealthyAfterMs: 40_000 }));
    await seconds(45);
    expect(await states('v2')).toBe('Provisioned Healthy Running');
    await seconds(40);
    expect(await states('v2')).toBe('Provisioned Unhealthy Degraded');
  });
});

describe('scale to zero', () => {
  it('happens after the cool-down, and a request waits for the new replica', async () => {
    await open({ minReplicas: 0 });
    expect(await states('v1')).toBe('Provisioned None ScaledToZero');
    const [visit, again] = await stage.order([
      { call: 'fetch', url: stage.url },
      { call: 'fetch', url: stage.url },
    ]);
    expect(visit).toMatchObject({ tookMs: 3_500, value: { status: 200, body: 'v1' } });
    expect(again).toMatchObject({ tookMs: 0, value: { status: 200, body: 'v1' } });
    expect(await states('v1')).toBe('Provisioned Healthy Running');
    await seconds(301);
    expect(await states('v1')).toBe('Provisioned None ScaledToZero');
  });

  it('waits for as long as there are requests', async () => {
    await open({ minReplicas: 0 });
    await stage.visit(stage.url);
    await seconds(200);
    await stage.visit(stage.url);
    await seconds(200);
    expect(await states('v1')).toBe('Provisioned Healthy Running');
    await seconds(101);
    expect(await states('v1')).toBe('Provisioned None ScaledToZero');
  });

  it('can be where a new revision begins', async () => {
    await open({ minReplicas: 0, staging: { startsAtZero: true } });
    await deploy(stage.image('v2'));
    await seconds(10);
    expect(await states('v2')).toBe('Provisioned None ScaledToZero');
    const { body, delayMs } = await stage.visit(stage.world.azure.revisionUrl(APP, 'v2'));
    expect([body, delayMs]).toEqual(['v2', 3_500]);
  });

  it('ends in nothing where the container crashes', async () => {
    await open({ minReplicas: 0, staging: { startsAtZero: true } });
    await deploy(stage.image('v2', { crash: { afterMs: 100, exitCode: 1, logs: [] } }));
    await seconds(10);
    const [visit] = await stage.order([{ call: 'fetch', url: stage.world.azure.revisionUrl(APP, 'v2') }]);
    expect(visit).toMatchObject({ tookMs: 240_000, value: { status: 504 } });
  });
});

describe('a revision', () => {
  it('that is deactivated serves nothing, and serves again when it is activated', async () => {
    await open();
    await deploy(stage.image('v2'));
    await seconds(10);
    const url = stage.world.azure.revisionUrl(APP, 'v2');
    expect((await stage.visit(url)).status).toBe(200);
    expect((await stage.arm('POST', `${APP_PATH}/revisions/agent--v2/deactivate`)).status).toBe(200);
    expect(await states('v2')).toBe('Deprovisioned None Stopped inactive');
    expect((await stage.visit(url)).status).toBe(404);
    await stage.arm('POST', `${APP_PATH}/revisions/agent--v2/activate`);
    expect((await stage.visit(url)).status).toBe(503);
    await seconds(10);
    expect((await stage.visit(url)).status).toBe(200);
  });

  it('that is inactive gets no weight', async () => {
    await open();
    await deploy(stage.image('v2'));
    await seconds(10);
    await stage.arm('POST', `${APP_PATH}/revisions/agent--v2/deactivate`);
    const give = (weight: number) =>
      stage.arm('PATCH', APP_PATH, {
        properties: traffic({ revisionName: 'agent--v1', weight: 100 - weight }, { revisionName: 'agent--v2', weight }),
      });
    expect((await give(5)).body.error.message).toContain("'agent--v2', which is not active");
    expect((await give(0)).status).toBe(202);
  });

  it('is started again without being new', async () => {
    await open();
    const before = await containerOf('v1');
    await stage.arm('POST', `${APP_PATH}/revisions/agent--v1/restart`);
    await seconds(10);
    const after = await containerOf('v1');
    expect(after.containerId).not.toBe(before.containerId);
    expect((await appState()).latestRevisionName).toBe('agent--v1');
  });

  it('is forgotten when there are more inactive ones than are kept', async () => {
    await open({ configuration: { maxInactiveRevisions: 1 } });
    for (const tag of ['v2', 'v3', 'v4']) {
      await deploy(stage.image(tag), tag);
      await seconds(10);
      if (tag !== 'v4') await stage.arm('POST', `${APP_PATH}/revisions/agent--${tag}/deactivate`);
    }
    const { value } = (await stage.arm('GET', `${APP_PATH}/revisions`)).body;
    expect(value.map(({ name }: { name: string }) => name)).toEqual(['agent--v1', 'agent--v3', 'agent--v4']);
  });
});

describe('Single mode (52)', () => {
  it('leaves the old revision at 100 % until the new one is ready, and ends it then', async () => {
    await open({ mode: 'Single' });
    await stage.arm('PATCH', APP_PATH, { properties: template(stage.image('v2', { readyAfterMs: 30_000 }), 'v2') });
    await seconds(30);
    expect(String((await stage.visit(stage.url)).body)).toBe('v1');
    expect((await look('v1')).trafficWeight).toBe(100);
    await seconds(8);
    expect(String((await stage.visit(stage.url)).body)).toBe('v2');
    await seconds(11);
    expect(await states('v1')).toBe('Deprovisioned None Stopped inactive');
  });

  it('never lets a revision that crashes serve', async () => {
    await open({ mode: 'Single' });
    const crash = { afterMs: 100, exitCode: 1, logs: [] };
    await stage.arm('PATCH', APP_PATH, { properties: template(stage.image('v2', { crash }), 'v2') });
    await seconds(900);
    expect(String((await stage.visit(stage.url)).body)).toBe('v1');
    expect((await look('v1')).active).toBe(true);
  });

  it('takes no weights', async () => {
    await open({ mode: 'Single' });
    const { status } = await stage.arm('PATCH', APP_PATH, { properties: pinned });
    expect(status).toBe(400);
  });

  it('is left and entered by a change of the mode, which ends what is too many', async () => {
    await open({ mode: 'Single' });
    const setMode = (activeRevisionsMode: string) =>
      stage.arm('PATCH', APP_PATH, { properties: { configuration: { activeRevisionsMode } } });
    await setMode('Multiple');
    await seconds(6);
    await deploy(stage.image('v2'));
    await seconds(10);
    expect((await look('v1')).active).toBe(true);
    const back = { activeRevisionsMode: 'Single', ingress: { traffic: [{ latestRevision: true, weight: 100 }] } };
    expect((await setMode('Single')).status).toBe(400);
    await stage.arm('PATCH', APP_PATH, { properties: { configuration: back } });
    await seconds(20);
    expect([(await look('v1')).active, (await look('v2')).active]).toEqual([false, true]);
  });
});

describe('Labels mode', () => {
  it('moves the target label to the new revision, and ends the one that had it', async () => {
    await open({
      mode: 'Labels',
      configuration: { targetLabel: 'live' },
      ingress: { traffic: [{ revisionName: 'agent--v1', weight: 100, label: 'live' }] },
    });
    await stage.arm('PATCH', APP_PATH, { properties: template(stage.image('v2'), 'v2') });
    await seconds(15);
    expect((await appState()).configuration.ingress.traffic).toEqual([
      { revisionName: 'agent--v2', weight: 100, label: 'live' },
    ]);
    expect([(await look('v1')).active, (await look('v2')).active]).toEqual([false, true]);
    expect(String((await stage.visit(stage.world.azure.labelUrl(APP, 'live'))).body)).toBe('v2');
  });
});
