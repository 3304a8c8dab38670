import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { RESOURCE_GROUP, SUBSCRIPTION } from '../../../simulators/azure/azure-cloud.ts';
import {
  APP,
  APP_PATH,
  type AzureStage,
  getApp,
  openAzureStage,
  patch,
  template,
  traffic,
  update,
} from '../../fixtures/azure/azure-stage.ts';

let stage: AzureStage;

beforeEach(async () => {
  stage = await openAzureStage({
    revisionSuffix: 'v1',
    configuration: {
      secrets: [
        { name: 'key', value: 'hunter2' },
        { name: 'vault', keyVaultUrl: 'https://acme.vault.azure.net/secrets/x', identity: 'system' },
      ],
      futureConfiguration: { deep: [1] },
    },
    template: { futureTemplate: 'kept' },
  });
});

afterEach(() => stage.close());

const secretsOnly = (...secrets: { name: string; [member: string]: string | null }[]) =>
  stage.arm('PATCH', APP_PATH, { properties: { configuration: { secrets } } });

describe("an app, in Microsoft's own client", () => {
  it('is read, changed and followed to the end of the change', async () => {
    const [before, change, after] = await stage.order([
      getApp,
      update(traffic({ revisionName: 'agent--v1', weight: 100, label: 'live' })),
      getApp,
    ]);
    expect(before?.value).toMatchObject({
      latestRevisionName: 'agent--v1',
      latestReadyRevisionName: 'agent--v1',
      provisioningState: 'Succeeded',
      configuration: { ingress: { traffic: [{ latestRevision: true, weight: 100 }] } },
    });
    expect(change).toMatchObject({ tookMs: 5_000, value: { provisioningState: 'Succeeded' } });
    expect(after?.value.configuration.ingress.traffic).toEqual([
      { revisionName: 'agent--v1', weight: 100, label: 'live' },
    ]);
    expect(stage.world.edge.calls.map(({ operation }) => operation).filter((name) => /Op|_Update/.test(name))).toEqual([
      'arm:ContainerApps_Update',
      'arm:OperationStatuses_Get',
      'arm:OperationStatuses_Get',
      'arm:OperationResults_Get',
    ]);
  });

  it('is refused as the client says it: wrong name, no permission, a change under way', async () => {
    stage.world.azure.deny('Microsoft.App/containerApps/listSecrets/action');
    const [missing, denied, first, second] = await stage.order([
      { call: 'containerApps.get', args: ['agnet'] },
      { call: 'containerApps.listSecrets', args: [APP] },
      patch(traffic({ latestRevision: true, weight: 100 })),
      update(traffic({ revisionName: 'agent--v1', weight: 100 })),
    ]);
    expect(missing?.error).toMatchObject({ status: 404, code: 'ResourceNotFound' });
    expect(denied?.error).toMatchObject({ status: 403, code: 'AuthorizationFailed' });
    expect(denied?.error?.message).toContain(
      `does not have authorization to perform action 'Microsoft.App/containerApps/listSecrets/action' over scope '${APP_PATH}'`,
    );
    expect(first?.value.status).toBe(202);
    expect(second?.error).toMatchObject({ status: 409, code: 'ContainerAppOperationInProgress' });
  });
});

describe('a PATCH', () => {
  it('merges objects, replaces arrays as a whole, and keeps unknown members', async () => {
    const { status } = await stage.arm('PATCH', APP_PATH, {
      tags: { team: 'agents' },
      properties: template(stage.image('v2'), 'v2', { futureContainer: true }),
    });
    await stage.world.clock.advance(20_000);
    const { body } = await stage.arm('GET', APP_PATH);
    expect(status).toBe(202);
    expect(body).toMatchObject({
      tags: { team: 'agents' },
      properties: {
        configuration: { futureConfiguration: { deep: [1] } },
        template: { futureTemplate: 'kept', containers: [{ futureContainer: true }], scale: { minReplicas: 1 } },
      },
    });
    await stage.arm('PATCH', APP_PATH, { properties: template(stage.image('v3'), null) });
    await stage.world.clock.advance(20_000);
    const after = (await stage.arm('GET', APP_PATH)).body.properties;
    expect(after.template.containers[0]).not.toHaveProperty('futureContainer');
    expect(after.template.revisionSuffix).toBe('');
    expect(after.latestRevisionName).toMatch(/^agent--[a-j][a-z0-9]{6}$/);
  });

  it('takes away what it names with null', async () => {
    await stage.arm('PATCH', APP_PATH, { tags: { team: 'agents', stage: 'x' } });
    await stage.world.clock.advance(6_000);
    await stage.arm('PATCH', APP_PATH, {
      tags: { stage: null },
      properties: { template: { futureTemplate: null, revisionSuffix: 'v2' } },
    });
    await stage.world.clock.advance(6_000);
    const { tags, properties } = (await stage.arm('GET', APP_PATH)).body;
    expect(tags).toEqual({ team: 'agents' });
    expect(properties.template).not.toHaveProperty('futureTemplate');
  });

  it('says who changed the app last, and when', async () => {
    await stage.world.clock.advance(60_000);
    await stage.arm('PATCH', APP_PATH, { properties: traffic({ revisionName: 'agent--v1', weight: 100 }) });
    const { systemData } = (await stage.arm('GET', APP_PATH)).body;
    expect(systemData).toMatchObject({
      lastModifiedBy: 'c11e0000-0000-4000-8000-0000000000bb',
      lastModifiedByType: 'Application',
      lastModifiedAt: '2030-03-17T17:47:40.000Z',
    });
  });

  it('has no ETag to rely on', async () => {
    expect(Object.keys((await stage.arm('GET', APP_PATH)).headers)).not.toContain('etag');
  });

  it.each([
    ['a revision that is not there', [{ revisionName: 'agent--v9', weight: 100 }]],
    ['weights of 99', [{ revisionName: 'agent--v1', weight: 99 }]],
    [
      'one label twice',
      [
        { revisionName: 'agent--v1', weight: 50, label: 'x' },
        { latestRevision: true, weight: 50, label: 'x' },
      ],
    ],
  ])('whose traffic has %s is refused', async (_, entries) => {
    const { status, body } = await stage.arm('PATCH', APP_PATH, { properties: traffic(...entries) });
    expect([status, body.error.code]).toEqual([400, 'InvalidTrafficConfiguration']);
    expect((await stage.arm('GET', APP_PATH)).body.properties.provisioningState).toBe('Succeeded');
  });
});

describe('secrets (44, 45)', () => {
  it('are read without their values, and references to Key Vault whole', async () => {
    const { secrets } = (await stage.arm('GET', APP_PATH)).body.properties.configuration;
    expect(secrets).toEqual([
      { name: 'key' },
      { name: 'vault', keyVaultUrl: 'https://acme.vault.azure.net/secrets/x', identity: 'system' },
    ]);
    const listed = await stage.arm('POST', `${APP_PATH}/listSecrets`);
    expect(listed.body.value[0]).toEqual({ name: 'key', value: 'hunter2' });
  });

  it('that are sent back as they were read are refused', async () => {
    for (const secret of [{ name: 'key' }, { name: 'key', value: '' }]) {
      const { status, body } = await secretsOnly(secret);
      expect([status, body.error.code]).toEqual([400, 'ContainerAppSecretInvalid']);
      expect(body.error.message).toContain("with name(s) 'key' are invalid");
    }
  });

  it('survive a change that does not name them', async () => {
    await stage.arm('PATCH', APP_PATH, { properties: template(stage.image('v2'), 'v2') });
    expect((await stage.arm('POST', `${APP_PATH}/listSecrets`)).body.value).toHaveLength(2);
  });
});

describe('conflicts (46, 47)', () => {
  const change = () => stage.arm('PATCH', APP_PATH, { properties: traffic({ latestRevision: true, weight: 100 }) });

  it('with an invisible change end after the staged number of tries', async () => {
    stage.world.azure.setApp(APP, { lockConflicts: 2 });
    const answers = [await change(), await change(), await change()];
    expect(answers.map(({ status, body }) => body.error?.code ?? status)).toEqual([
      'ContainerAppLockConflict',
      'ContainerAppLockConflict',
      202,
    ]);
  });

  it('with an app that is Failed stay', async () => {
    stage.world.azure.setApp(APP, { failedBlocksChanges: true, provisioningState: 'Failed' });
    expect((await change()).status).toBe(409);
    await stage.world.clock.advance(600_000);
    expect((await change()).status).toBe(409);
  });
});

describe('a PUT (51)', () => {
  it('erases what it does not name', async () => {
    const { location, properties } = (await stage.arm('GET', APP_PATH)).body;
    const { configuration, ...rest } = properties;
    const { secrets: _, ingress: __, ...kept } = configuration;
    const { status } = await stage.arm('PUT', APP_PATH, {
      location,
      properties: { ...rest, configuration: { ...kept, ingress: { external: true } } },
    });
    await stage.world.clock.advance(20_000);
    const after = (await stage.arm('GET', APP_PATH)).body.properties.configuration;
    expect(status).toBe(201);
    expect(after.secrets).toBeNull();
    expect(after.ingress.targetPort).toBeUndefined();
  });
});

describe('ARM', () => {
  const url = `https://management.azure.com${APP_PATH}?api-version=2025-07-01`;

  it('lets in only a token of its own that is good now', async () => {
    const acr = stage.world.azure.issueToken('https://containerregistry.azure.net');
    const arm = stage.world.azure.issueToken();
    const codeWith = async (headers: Record<string, string>) => {
      const answer = await stage.visit(url, headers);
      return `${answer.status} ${JSON.parse(String(answer.body)).error?.code}`;
    };
    expect(await codeWith({})).toBe('401 AuthenticationFailed');
    expect(await codeWith({ authorization: 'Bearer nonsense' })).toBe('401 InvalidAuthenticationToken');
    expect(await codeWith({ authorization: `Bearer ${acr}` })).toBe('401 InvalidAuthenticationTokenAudience');
    expect(await codeWith({ authorization: `Bearer ${arm}` })).toBe('200 undefined');
    await stage.world.clock.advance(3_600_000);
    expect(await codeWith({ authorization: `Bearer ${arm}` })).toBe('401 ExpiredAuthenticationToken');
  });

  it('knows no other place, version or kind of thing', async () => {
    const group = `/subscriptions/${SUBSCRIPTION}/resourceGroups`;
    const codes: string[] = [];
    for (const path of [
      `/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/x/providers/Microsoft.App/containerApps/a`,
      `${group}/staging/providers/Microsoft.App/containerApps/agent`,
      `${group}/${RESOURCE_GROUP}/providers/Microsoft.App/jobs/agent`,
      `${APP_PATH}?api-version=2019-01-01`,
      `${APP_PATH}?x=1`,
      `${APP_PATH}/revisions/agent--v9`,
    ]) {
      codes.push((await stage.arm('GET', path)).body.error.code);
    }
    expect(codes).toEqual([
      'SubscriptionNotFound',
      'ResourceGroupNotFound',
      'InvalidResourceType',
      'NoRegisteredProviderFound',
      'MissingApiVersionParameter',
      'RevisionNotFound',
    ]);
  });

  it('asks who names the environment whether they may put an app into it', async () => {
    stage.world.azure.deny('Microsoft.App/managedEnvironments/join/action');
    const { environmentId } = (await stage.arm('GET', APP_PATH)).body.properties;
    const named = await stage.arm('PATCH', APP_PATH, { properties: { environmentId } });
    expect([named.status, named.body.error.code]).toEqual([403, 'LinkedAuthorizationFailed']);
    const unnamed = { properties: traffic({ revisionName: 'agent--v1', weight: 100 }) };
    expect((await stage.arm('PATCH', APP_PATH, unnamed)).status).toBe(202);
  });

  it('compares names without regard to case', async () => {
    expect((await stage.arm('GET', APP_PATH.toUpperCase())).status).toBe(200);
  });

  it('names calls for faults and kills as its description does', () => {
    const [arm] = stage.world.azure.hosts;
    const name = (method: string, path: string) =>
      arm?.nameCall({
        method,
        url: new URL(`https://management.azure.com${path}`),
        headers: {},
        body: Buffer.alloc(0),
      });
    expect(name('PATCH', APP_PATH)).toEqual({ operation: 'arm:ContainerApps_Update', mutates: true });
    expect(name('POST', `${APP_PATH}/revisions/agent--v1/activate`)).toEqual({
      operation: 'arm:ContainerAppsRevisions_ActivateRevision',
      mutates: true,
    });
    expect(name('POST', `${APP_PATH}/listSecrets`)).toEqual({
      operation: 'arm:ContainerApps_ListSecrets',
      mutates: false,
    });
  });
});
