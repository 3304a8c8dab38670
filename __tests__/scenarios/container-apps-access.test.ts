import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { CLIENT_ID, CLIENT_SECRET, SUBSCRIPTION, TENANT } from '../../simulators/azure/azure-cloud.ts';
import { closeAgents } from './agent.ts';
import { givenApp } from './container-apps-agent.ts';

afterEach(closeAgents);

const noIds = { AZURE_TENANT_ID: '', AZURE_CLIENT_ID: '', AZURE_SUBSCRIPTION_ID: '' };
const noOidc = { ACTIONS_ID_TOKEN_REQUEST_URL: '', ACTIONS_ID_TOKEN_REQUEST_TOKEN: '' };
const ids = { 'tenant-id': TENANT, 'client-id': CLIENT_ID, subscription: SUBSCRIPTION };

describe('who the job is to Azure', () => {
  test('its own identity, as the inputs name the application', async () => {
    const agent = await givenApp();
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), ...ids }, { env: noIds });
    expect(main.log).toContain(`Azure: the job's own identity (OIDC) as application ${CLIENT_ID}`);
    expect(main.outputs['outcome']).toBe('deployed');
  });

  test('a secret in the environment', async () => {
    const agent = await givenApp();
    const env = { ...noOidc, AZURE_CLIENT_SECRET: CLIENT_SECRET };
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}) }, { env });
    expect(main.log).toContain('Azure: the secret or certificate in AZURE_CLIENT_*');
    expect(main.log).not.toContain(CLIENT_SECRET);
    expect(main.outputs['outcome']).toBe('deployed');
  });

  test('what azure/login left: the profile says where, the CLI gives tokens', async () => {
    const agent = await givenApp();
    const directory = await mkdtemp(path.join(os.tmpdir(), 'job-'));
    const PATH = await installCli(directory, agent.world.azure.issueToken());
    const { main } = await agent.deploy(
      { image: agent.world.publish('v2', {}), 'copy-to': '' },
      { directory, env: { ...noIds, ...noOidc, PATH } },
    );
    await rm(directory, { recursive: true });
    expect(main.log).toContain(`Azure: the login of the Azure CLI (azure/login), subscription ${SUBSCRIPTION}`);
    expect(main.outputs['outcome']).toBe('deployed');
  });

  test.each<[string, Record<string, string>, Record<string, string>, RegExp]>([
    [
      'no login at all',
      {},
      { ...noIds, ...noOidc },
      /could not tell which Azure subscription is meant.*run azure\/login/s,
    ],
    [
      'no login but a subscription',
      { subscription: SUBSCRIPTION },
      { ...noIds, ...noOidc },
      /has no credentials for it/,
    ],
    ['ids, and no id-token: write', ids, { ...noIds, ...noOidc }, /has no credentials for it.*id-token: write/s],
    [
      'a sovereign cloud',
      ids,
      { AZURE_AUTHORITY_HOST: 'https://login.microsoftonline.us' },
      /only the public one works/,
    ],
    [
      'an application that the tenant does not have',
      { ...ids, 'client-id': '00000000-0000-4000-8000-00000000dead' },
      noIds,
      /AADSTS700016.*Check `client-id`/s,
    ],
  ])('%s is told with the next step', async (_title, inputs, env, annotation) => {
    const agent = await givenApp();
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), ...inputs }, { env });
    expect(main.outputs['outcome']).toBe('refused');
    expect(main.log.split('\n').find((line) => line.startsWith('::error'))).toMatch(annotation);
  });

  test('a subject that the application does not trust is told, with what to compare', async () => {
    const agent = await givenApp();
    agent.world.azure.trust([]);
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}) });
    expect(main.log).toMatch(/^::error.*AADSTS70021\d*.*Add a federated credential/m);
  });
});

test('a canary of 90 minutes is deployed with tokens that live for five', async () => {
  const agent = await givenApp({ tokenLifetimeMs: 300_000 });
  const startedAt = agent.world.clock.now();
  const image = agent.world.publish('v2', {});
  const canary = { strategy: 'canary', steps: '5% for 30m, 25% for 30m, 50% for 30m' };
  const { main } = await agent.deploy({ image, 'smoke-tests': '- GET /health', ...canary });
  expect(main.outputs['outcome']).toBe('deployed');
  expect(agent.world.clock.now() - startedAt).toBeGreaterThan(90 * 60_000);
  const assertions = agent.world.edge.calls.filter(({ operation }) => operation === 'github:GetIdToken');
  expect(assertions.length).toBeGreaterThan(15);
});

describe('an image for ACR', () => {
  const report = (log: string) => log.split('\n').filter((line) => /acme\.azurecr\.io|copying through/.test(line));

  test('is fetched by the registry itself: nothing goes through the runner', async () => {
    const agent = await givenApp();
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}) });
    const uploads = agent.world.edge.calls.filter(({ operation }) =>
      /^registry:(PUT|PATCH|POST upload)/.test(operation),
    );
    expect(uploads).toEqual([]);
    expect(report(main.log)).toContain(
      'acme.azurecr.io fetched the image itself: nothing of it went through this runner',
    );
    expect(main.summary).toContain('imported directly by the registry, nothing through the runner');
  });

  test('whose tag names something else there is fetched without it, and the tag moves', async () => {
    const agent = await givenApp();
    const image = agent.world.publish('v1', { version: 'other' });
    const { main } = await agent.deploy({ image });
    expect(main.outputs['outcome']).toBe('deployed');
    expect(report(main.log)).toContain(
      'acme.azurecr.io fetched the image itself: nothing of it went through this runner',
    );
    expect(main.log).toContain('the image was already present, only the name is new');
  });

  test('is copied where an import is not allowed, and the log says why', async () => {
    const agent = await givenApp();
    agent.world.azure.deny('Microsoft.ContainerRegistry/registries/importImage/action');
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}) });
    expect(main.outputs['outcome']).toBe('deployed');
    expect(report(main.log).join('\n')).toMatch(/copying through this runner: .*AcrPush is not enough for an import/);
    expect(main.summary).toMatch(/\d blobs \(.*\) copied/);
  });

  test('that may not be pushed either is refused with the role', async () => {
    const agent = await givenApp();
    agent.world.azure.deny('Microsoft.ContainerRegistry/registries/importImage/action');
    agent.world.azure.deny('Microsoft.ContainerRegistry/registries/push/write');
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}) });
    expect(main.outputs['outcome']).toBe('refused');
    expect(main.log).toMatch(/^::error.*AcrPush/m);
  });
});

/** A CLI that azure/login has logged in: its profile, with the byte order mark that it writes, and a program `az`. */
async function installCli(directory: string, token: string): Promise<string> {
  const [home, bin] = [path.join(directory, 'home/.azure'), path.join(directory, 'bin')];
  await mkdir(home, { recursive: true });
  await mkdir(bin, { recursive: true });
  const login = {
    id: SUBSCRIPTION,
    tenantId: TENANT,
    isDefault: true,
    environmentName: 'AzureCloud',
    state: 'Enabled',
  };
  await writeFile(path.join(home, 'azureProfile.json'), `\ufeff${JSON.stringify({ subscriptions: [login] })}`);
  const answer = { accessToken: token, expiresOn: '2060-01-01 00:00:00.000000', expires_on: 2_840_140_800 };
  await writeFile(path.join(bin, 'az'), `#!/bin/sh\ncat <<'EOF'\n${JSON.stringify(answer)}\nEOF\n`);
  await chmod(path.join(bin, 'az'), 0o755);
  return `${bin}:${process.env['PATH']}`;
}

test('the login page of Easy Auth is never a pass', async () => {
  const auth = {
    platform: { enabled: true },
    globalValidation: { unauthenticatedClientAction: 'RedirectToLoginPage' },
  };
  const agent = await givenApp({ app: { auth } });
  const image = agent.world.publish('v2', {});
  const { main } = await agent.deploy({ image, 'smoke-tests': '- GET /: { cross-origin-redirects: true }' });
  expect(main.outputs).toMatchObject({ outcome: 'rollback-unconfirmed' });
  expect(main.log).toMatch(/^::error.*a login answers instead of the service: it redirects to https/m);
  expect(main.log).not.toContain('cross-origin-redirects');
});
