import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { TENANT } from '../../../simulators/azure/azure-cloud.ts';
import { azureLogin } from '../../../simulators/azure/cli/azure-login.ts';
import { APP, APP_PATH, type AzureStage, getApp, openAzureStage } from '../../fixtures/azure/azure-stage.ts';

const ARM = 'https://management.azure.com/.default';
const trusted = {
  issuer: 'https://token.actions.githubusercontent.com',
  subject: 'repo:acme/agent:ref:refs/heads/main',
  audience: 'api://AzureADTokenExchange',
};

let stage: AzureStage;

beforeEach(async () => {
  stage = await openAzureStage();
});

afterEach(() => stage.close());

const operations = (): string[] => stage.world.edge.calls.map(({ operation }) => operation);

describe("a job's OIDC token", () => {
  it("opens ARM, by Microsoft's own credential, and asks no other host", async () => {
    const [app] = await stage.order([getApp]);
    expect(app?.value.name).toBe(APP);
    expect(new Set(operations())).toEqual(new Set(['github:GetIdToken', 'entra:Token', 'arm:ContainerApps_Get']));
    expect([...stage.world.edge.unknownHosts]).toEqual([]);
  });

  it('is requested again for each access token, so that 90 minutes with tokens of 5 minutes succeed', async () => {
    stage.world.azure.tokenLifetimeMs = 300_000;
    const pause = { call: 'sleep', ms: 240_000 };
    const results = await stage.order(Array.from({ length: 23 }, () => [getApp, pause]).flat());
    expect(results.filter(({ error }) => error)).toEqual([]);
    expect(operations().filter((name) => name === 'entra:Token').length).toBeGreaterThan(18);
  });

  it.each([
    [{ ...trusted, subject: 'repo:acme@1/agent@2:ref:refs/heads/main' }, 'AADSTS700213'],
    [{ ...trusted, audience: 'api://other' }, 'AADSTS700212'],
    [{ ...trusted, issuer: 'https://gitlab.com' }, 'AADSTS700211'],
  ])('is refused where the trust is another: %o', async (credential, code) => {
    stage.world.azure.trust([credential]);
    const [result] = await stage.order([{ call: 'token', scope: ARM }]);
    expect(result?.error?.message).toContain(code);
  });

  it('may carry ids in its subject, if the trust does', async () => {
    const subject = 'repo:acme@1/agent@2:environment:production';
    const ids = { ownerId: '1', repositoryId: '2', immutableSubject: true };
    stage.world.github.setWorkflow({ ...ids, environment: 'production' });
    stage.world.azure.trust([{ ...trusted, subject }]);
    const [result] = await stage.order([{ call: 'token', scope: ARM }]);
    expect(result?.error).toBeUndefined();
  });

  it('is refused in the words of Entra for another tenant, application or resource', async () => {
    const codes: (string | undefined)[] = [];
    for (const env of [
      { AZURE_TENANT_ID: '00000000-0000-4000-8000-000000000000' },
      { AZURE_CLIENT_ID: 'c0000000-0000-4000-8000-000000000000' },
    ]) {
      const [result] = await stage.order([{ call: 'token', scope: ARM }], { env });
      codes.push(/AADSTS\d+/.exec(result?.error?.message ?? '')?.[0]);
    }
    const [resource] = await stage.order([{ call: 'token', scope: 'https://vault.azure.net/.default' }]);
    codes.push(/AADSTS\d+/.exec(resource?.error?.message ?? '')?.[0]);
    expect(codes).toEqual(['AADSTS90002', 'AADSTS700016', 'AADSTS500011']);
  });

  it('is refused when it is too old', async () => {
    const assertion = stage.world.github.issue(trusted.audience);
    await stage.world.clock.advance(300_000);
    const [result] = await stage.order([
      {
        call: 'fetch',
        method: 'POST',
        url: `https://login.microsoftonline.com/${TENANT}/oauth2/v2.0/token`,
        body: new URLSearchParams({
          grant_type: 'client_credentials',
          client_id: 'c11e0000-0000-4000-8000-0000000000bb',
          scope: ARM,
          client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
          client_assertion: assertion,
        }).toString(),
      },
    ]);
    const { error, error_codes, error_description } = JSON.parse(result?.value.body);
    expect([result?.value.status, error, error_codes]).toEqual([401, 'invalid_client', [700024]]);
    expect(error_description).toContain('Client assertion is not within its valid time range');
  });

  it('is given only to who may ask for it', async () => {
    const [result] = await stage.order([{ call: 'token', scope: ARM }], {
      env: { ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'guess' },
    });
    expect(result?.error?.message).toMatch(/401|Unauthorized/);
  });
});

describe('sessions that are revoked', () => {
  it('end at once, and a new token is good again', async () => {
    const revoke = stage.world.edge.onCall((call, when) => {
      if (call.operation !== 'arm:ContainerApps_Get' || when !== 'after') return;
      revoke();
      stage.world.azure.revokeTokens();
    });
    const results = await stage.order([getApp, { call: 'containerApps.listSecrets', args: [APP] }]);
    expect(results[0]?.error).toBeUndefined();
    expect(results[1]?.error).toMatchObject({ status: 401, code: 'InvalidAuthenticationToken' });
    expect((await stage.arm('GET', APP_PATH)).status).toBe(200);
  });
});

describe('what azure/login leaves', () => {
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'azure-login-'));
  });

  afterEach(() => rm(directory, { recursive: true, force: true }));

  const orderWithAz = async (orders: Parameters<AzureStage['order']>[0]) =>
    stage.order(orders, { env: { ...(await azureLogin(stage.world, directory)), USE_AZ: '1' } });

  it("opens ARM by the CLI's cache", async () => {
    const [app] = await orderWithAz([getApp]);
    expect(app?.value.name).toBe(APP);
  });

  it('is too old for a new audience after ten minutes', async () => {
    const [, , token] = await orderWithAz([
      getApp,
      { call: 'sleep', ms: 600_000 },
      { call: 'token', scope: 'https://containerregistry.azure.net/.default' },
    ]);
    expect(token?.error?.message).toContain('AADSTS700024');
  });
});
