import { afterEach, describe, expect, it } from '@jest/globals';
import type { AppOptions } from '../../../simulators/azure/add-app.ts';
import { CLIENT_ADDRESS } from '../../../simulators/azure/apps/ingress-rules.ts';
import type { JsonObject } from '../../../simulators/json.ts';
import { APP, APP_PATH, type AzureStage, openAzureStage, template, traffic } from '../../fixtures/azure/azure-stage.ts';

let stage: AzureStage;

afterEach(() => stage.close());

/** v1 with all traffic and v2 with none, both healthy. */
const open = async (options: Partial<AppOptions> = {}): Promise<void> => {
  stage = await openAzureStage({ revisionSuffix: 'v1', ...options });
  const properties = { ...template(stage.image('v2'), 'v2'), ...traffic({ revisionName: 'agent--v1', weight: 100 }) };
  await stage.arm('PATCH', APP_PATH, { properties });
  await seconds(10);
};
const seconds = (count: number): Promise<void> => stage.world.clock.advance(count * 1_000);
const setTraffic = async (...entries: readonly JsonObject[]) => {
  const answer = await stage.arm('PATCH', APP_PATH, { properties: traffic(...entries) });
  await seconds(6);
  return answer;
};
const bodyOf = async (url: string): Promise<string> => String((await stage.visit(url)).body);
const count = async (times: number): Promise<Record<string, number>> => {
  const counts: Record<string, number> = {};
  for (let visit = 0; visit < times; visit += 1) {
    const body = await bodyOf(stage.url);
    counts[body] = (counts[body] ?? 0) + 1;
  }
  return counts;
};

describe('traffic', () => {
  it('is split by weight, exactly and evenly', async () => {
    await open();
    await setTraffic({ revisionName: 'agent--v1', weight: 95 }, { revisionName: 'agent--v2', weight: 5 });
    expect(await count(20)).toEqual({ v1: 19, v2: 1 });
    expect(await count(200)).toEqual({ v1: 190, v2: 10 });
  });

  it('goes on as before until the change has taken effect', async () => {
    await open();
    await stage.arm('PATCH', APP_PATH, { properties: traffic({ revisionName: 'agent--v2', weight: 100 }) });
    await seconds(4);
    expect(await bodyOf(stage.url)).toBe('v1');
    await seconds(1);
    expect(await bodyOf(stage.url)).toBe('v2');
  });

  it('reaches a revision without weight by its own address, and by its label', async () => {
    await open();
    expect(await bodyOf(stage.world.azure.revisionUrl(APP, 'v2'))).toBe('v2');
    await setTraffic(
      { revisionName: 'agent--v1', weight: 100 },
      { revisionName: 'agent--v2', weight: 0, label: 'canary' },
    );
    const label = stage.world.azure.labelUrl(APP, 'canary');
    expect(label).toMatch(/^https:\/\/agent---canary\.happyforest-/);
    expect([await bodyOf(label), await bodyOf(stage.url)]).toEqual(['v2', 'v1']);
  });

  it('that is written without a label takes the label away (48)', async () => {
    await open();
    await setTraffic(
      { revisionName: 'agent--v1', weight: 100, label: 'live' },
      { revisionName: 'agent--v2', weight: 0, label: 'next' },
    );
    await setTraffic({ revisionName: 'agent--v1', weight: 100, label: 'live' });
    expect((await stage.visit(stage.world.azure.labelUrl(APP, 'live'))).status).toBe(200);
    expect((await stage.visit(stage.world.azure.labelUrl(APP, 'next'))).status).toBe(404);
  });

  it('can be staged to fail in its operation (49)', async () => {
    await open();
    stage.world.azure.setApp(APP, { trafficFailures: 1 });
    const { headers } = await setTraffic({ revisionName: 'agent--v2', weight: 100 });
    const path = (headers['azure-asyncoperation'] ?? '').replace('https://management.azure.com', '');
    expect((await stage.arm('GET', path)).body).toMatchObject({
      status: 'Failed',
      error: { code: 'ContainerAppOperationError' },
    });
    expect(await bodyOf(stage.url)).toBe('v1');
  });

  it('of a revision that is gone or not ready is answered 503', async () => {
    await open();
    await setTraffic({ revisionName: 'agent--v2', weight: 100 });
    await stage.arm('POST', `${APP_PATH}/revisions/agent--v2/deactivate`);
    expect((await stage.visit(stage.url)).status).toBe(503);
    await stage.arm('POST', `${APP_PATH}/revisions/agent--v2/activate`);
    expect((await stage.visit(stage.url)).status).toBe(503);
  });

  it('is recorded: which revision served what, when, called by which address', async () => {
    await open();
    await stage.visit(`${stage.url}/health`, { 'user-agent': 'somebody' });
    await stage.order([{ call: 'fetch', url: `${stage.world.azure.revisionUrl(APP, 'v2')}/predict` }]);
    const at = stage.world.clock.now();
    expect(stage.world.azure.requestsOf(APP)).toEqual([
      { at, by: 'app', revision: 'agent--v1', method: 'GET', path: '/health', status: 200, userAgent: 'somebody' },
      { at, by: 'revision', revision: 'agent--v2', method: 'GET', path: '/predict', status: 200, userAgent: 'node' },
    ]);
  });

  it('behaves as the image says', async () => {
    stage = await openAzureStage({ revisionSuffix: 'v1' });
    const behaviour = { failEvery: 4, unhealthyAfterMs: 40_000, answers: { '/predict': { status: 201, echo: true } } };
    await stage.arm('PATCH', APP_PATH, { properties: template(stage.image('v2', behaviour), 'v2') });
    await seconds(10);
    const statuses: number[] = [];
    for (let visit = 0; visit < 8; visit += 1) statuses.push((await stage.visit(stage.url)).status);
    expect(statuses).toEqual([200, 200, 200, 500, 200, 200, 200, 500]);
    expect((await stage.visit(`${stage.url}/predict`)).status).toBe(201);
    await seconds(40);
    expect(await stage.visit(stage.url)).toMatchObject({ status: 503, body: 'unhealthy' });
  });
});

describe('the ingress', () => {
  it('refuses requests from outside where it is internal', async () => {
    await open({ ingress: { external: false } });
    expect(stage.url).toMatch(/^https:\/\/agent\.internal\.happyforest-/);
    expect((await stage.visit(stage.url)).status).toBe(404);
    expect((await stage.visit(stage.url.replace('.internal', ''))).status).toBe(404);
  });

  it('of an internal environment is not there either', async () => {
    await open({ internalEnvironment: true });
    expect((await stage.visit(stage.url)).status).toBe(404);
  });

  it.each([
    ['an allow rule for others', [{ name: 'office', action: 'Allow', ipAddressRange: '198.51.100.0/24' }], 403],
    ['an allow rule for us', [{ name: 'us', action: 'Allow', ipAddressRange: `${CLIENT_ADDRESS}/32` }], 200],
    ['a deny rule for us', [{ name: 'us', action: 'Deny', ipAddressRange: '203.0.113.0/24' }], 403],
    ['a deny rule for others', [{ name: 'them', action: 'Deny', ipAddressRange: '198.51.100.0/24' }], 200],
  ])('looks at addresses: %s', async (_, ipSecurityRestrictions, status) => {
    await open({ ingress: { ipSecurityRestrictions } });
    expect((await stage.visit(stage.url)).status).toBe(status);
    expect((await stage.visit(stage.world.azure.revisionUrl(APP, 'v2'))).status).toBe(status);
  });

  it('wants a client certificate where that is required', async () => {
    await open({ ingress: { clientCertificateMode: 'require' } });
    expect((await stage.visit(stage.url)).status).toBe(403);
  });

  it('sends plain requests to https unless they are allowed', async () => {
    await open();
    const plain = stage.url.replace('https:', 'http:');
    expect(await stage.visit(plain)).toMatchObject({ status: 301, headers: { location: `${stage.url}/` } });
    stage.world.azure.setApp(APP, {
      document: { properties: { configuration: { ingress: { allowInsecure: true } } } },
    });
    expect((await stage.visit(plain)).status).toBe(200);
  });

  it.each([
    ['RedirectToLoginPage', 302],
    ['Return401', 401],
    ['Return403', 403],
    ['AllowAnonymous', 200],
  ])('asks who it is with Easy Auth: %s', async (unauthenticatedClientAction, status) => {
    const auth = {
      platform: { enabled: true },
      globalValidation: { unauthenticatedClientAction, excludedPaths: ['/health'] },
    };
    await open({ auth });
    expect((await stage.visit(stage.url)).status).toBe(status);
    expect((await stage.visit(`${stage.url}/health`)).status).toBe(200);
    expect((await stage.visit(stage.url, { authorization: 'Bearer token' })).status).toBe(200);
    expect((await stage.arm('GET', `${APP_PATH}/authConfigs/current`)).body.properties).toEqual(auth);
  });

  it('takes no turn of the split for a request that it refuses', async () => {
    const auth = {
      platform: { enabled: true },
      globalValidation: { unauthenticatedClientAction: 'Return401', excludedPaths: ['/'] },
    };
    await open({ auth });
    await setTraffic({ revisionName: 'agent--v1', weight: 50 }, { revisionName: 'agent--v2', weight: 50 });
    const bodies: string[] = [];
    for (let visit = 0; visit < 4; visit += 1) {
      await stage.visit(`${stage.url}/refused`);
      bodies.push(await bodyOf(stage.url));
    }
    expect(bodies).toEqual(['v1', 'v2', 'v1', 'v2']);
  });

  it('serves custom domains', async () => {
    await open({ ingress: { customDomains: [{ name: 'agent.acme.dev', bindingType: 'SniEnabled' }] } });
    expect(await bodyOf('https://agent.acme.dev/')).toBe('v1');
  });

  it('of an app that is stopped, or has none, is a page that says so', async () => {
    await open();
    stage.world.azure.setApp(APP, { runningStatus: 'Stopped' });
    expect(await bodyOf(stage.url)).toContain('This Container App is stopped or does not exist');
    expect((await stage.arm('GET', APP_PATH)).body.properties.runningStatus).toBe('Stopped');
  });
});

describe('the log stream', () => {
  it('shows what the container printed last to who has the token for it', async () => {
    await open();
    const crash = { afterMs: 500, exitCode: 3, logs: ["KeyError: 'OPENAI_API_KEY'"] };
    await stage.arm('PATCH', APP_PATH, {
      properties: template(stage.image('v3', { logs: ['starting'], crash }), 'v3'),
    });
    await seconds(10);
    const replicas = await stage.arm('GET', `${APP_PATH}/revisions/agent--v3/replicas`);
    const { logStreamEndpoint } = replicas.body.value[0].properties.containers[0];
    const { token } = (await stage.arm('POST', `${APP_PATH}/getAuthToken`)).body.properties;
    const url = `${logStreamEndpoint}?follow=false&output=text&tailLines=10`;
    const { body } = await stage.visit(url, { authorization: `Bearer ${token}` });
    expect(
      String(body)
        .split('\n')
        .map((line) => line.slice(25)),
    ).toEqual(['stdout F starting', "stdout F KeyError: 'OPENAI_API_KEY'", '']);
    const arm = stage.world.azure.issueToken();
    for (const headers of [{}, { authorization: `Bearer ${arm}` }])
      expect((await stage.visit(url, headers)).status).toBe(401);
  });

  it('has the words of the platform as well', async () => {
    await open({ staging: { imageCheck: 'at-start' } });
    await stage.arm('PATCH', APP_PATH, { properties: template('acme.azurecr.io/agent:missing', 'v3') });
    await seconds(10);
    const { eventStreamEndpoint } = (await stage.arm('GET', APP_PATH)).body.properties;
    const { token } = (await stage.arm('POST', `${APP_PATH}/getAuthToken`)).body.properties;
    const { body } = await stage.visit(`${eventStreamEndpoint}?output=json`, { authorization: `Bearer ${token}` });
    expect(JSON.parse(String(body))).toMatchObject({ Log: expect.stringContaining('Failed to pull image') });
  });
});

describe('another user', () => {
  it('deploys and moves traffic under their own name', async () => {
    await open();
    stage.world.azure.foreignTraffic(APP, [{ revisionName: 'agent--v2', weight: 100 }]);
    await seconds(6);
    expect(await bodyOf(stage.url)).toBe('v2');
    stage.world.azure.foreignDeploy(APP, stage.image('theirs'));
    await seconds(10);
    const { systemData, properties } = (await stage.arm('GET', APP_PATH)).body;
    expect(systemData.lastModifiedBy).toBe('dana@acme.dev');
    expect(properties.latestRevisionName).toMatch(/^agent--[a-z0-9]{7}$/);
  });
});
