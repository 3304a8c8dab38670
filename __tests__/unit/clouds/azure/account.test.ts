import { describe, expect, test } from '@jest/globals';
import { ensureSubscription, findAccount } from '../../../../src/clouds/azure/account.ts';
import type { AccountInputs } from '../../../../src/clouds/azure/account-inputs.ts';
import { chooseLogin, findLogin } from '../../../../src/clouds/azure/credential.ts';
import { neverAborted } from '../../../../src/io/signals.ts';
import { fakeIo, memoryFiles } from '../../../fixtures/fake-io.ts';

const nothing: AccountInputs = { subscription: '', tenantId: '', clientId: '' };
const profile = `\ufeff${JSON.stringify({
  subscriptions: [
    { id: 'sub-other', tenantId: 'tenant-other', isDefault: false, environmentName: 'AzureCloud' },
    { id: 'sub-cli', tenantId: 'tenant-cli', isDefault: true, environmentName: 'AzureCloud' },
  ],
})}`;
const noFile = memoryFiles();
const profileOf = (text: string) => memoryFiles(new Map([['/home/runner/.azure/azureProfile.json', text]]));
const withProfile = profileOf(profile);
const home = { HOME: '/home/runner' };
const environment = { AZURE_SUBSCRIPTION_ID: 'sub-env', AZURE_TENANT_ID: 'tenant-env', AZURE_CLIENT_ID: 'client-env' };
const oidc = { ACTIONS_ID_TOKEN_REQUEST_URL: 'https://oidc.test', ACTIONS_ID_TOKEN_REQUEST_TOKEN: 't' };

describe('which subscription and tenant are meant', () => {
  test('the inputs come first', () => {
    const inputs = { subscription: 'sub-input', tenantId: 'tenant-input', clientId: 'client-input' };
    const account = findAccount(inputs, { env: { ...home, ...environment }, files: withProfile });
    expect(account).toMatchObject({ ...inputs, isByInput: true });
  });

  test('then the environment', () => {
    expect(findAccount(nothing, { env: { ...home, ...environment }, files: withProfile })).toMatchObject({
      ...{ subscription: 'sub-env', tenantId: 'tenant-env', clientId: 'client-env', isByInput: false },
    });
  });

  test('then what azure/login left, byte order mark and all', () => {
    expect(findAccount(nothing, { env: home, files: withProfile })).toEqual({
      ...{ subscription: 'sub-cli', tenantId: 'tenant-cli', clientId: '', isByInput: false, hasCliLogin: true },
    });
  });

  test('the tenant is the one of the subscription that was asked for', () => {
    const inputs = { ...nothing, subscription: 'SUB-other' };
    expect(findAccount(inputs, { env: home, files: withProfile })).toMatchObject({ tenantId: 'tenant-other' });
  });

  test('a profile that can not be read is none, and a workload needs a subscription', () => {
    const account = findAccount(nothing, { env: home, files: profileOf('{') });
    expect(() => ensureSubscription(account)).toThrow(/which Azure subscription is meant/);
  });

  test.each([
    ['by the environment', { AZURE_AUTHORITY_HOST: 'https://login.chinacloudapi.cn' }, noFile],
    ['by the profile', home, profileOf(profile.replace(/AzureCloud/g, 'AzureUSGovernment'))],
  ])('a sovereign cloud is refused, %s', (_title, env, files) => {
    expect(() => findAccount(nothing, { env, files })).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }));
  });
});

describe('who we are to Azure', () => {
  const named = { subscription: 's', tenantId: 'tenant', clientId: 'client', isByInput: false, hasCliLogin: true };
  const unnamed = { ...named, tenantId: '', clientId: '' };
  test.each([
    ['the job itself, before the CLI', named, oidc, /own identity \(OIDC\) as application client/],
    ['a secret beside the id', named, { ...oidc, AZURE_CLIENT_SECRET: 'x' }, /secret or certificate/],
    [
      'the job itself, where an input names it',
      { ...named, isByInput: true },
      { ...oidc, AZURE_CLIENT_SECRET: 'x' },
      /OIDC/,
    ],
    [
      'a token file beside the id',
      named,
      { ...oidc, AZURE_FEDERATED_TOKEN_FILE: '/var/run/token' },
      /workload identity/,
    ],
    ['the CLI, where there is no more', unnamed, oidc, /login of the Azure CLI/],
    [
      'the machine, where it is our own',
      { ...unnamed, hasCliLogin: false },
      { RUNNER_ENVIRONMENT: 'self-hosted' },
      /managed identity/,
    ],
  ])('%s', (_title, account, env, name) => {
    expect(chooseLogin(account, { io: fakeIo({ env }), signal: neverAborted }).name).toMatch(name);
  });

  test('a registry alone does not call the metadata service, unless something says that the machine is on Azure', () => {
    const account = { ...unnamed, hasCliLogin: false };
    const io = fakeIo({ env: { RUNNER_ENVIRONMENT: 'self-hosted' } });
    expect(findLogin(account, { io, signal: neverAborted }, { mayBeMachine: false })).toBeNull();
    expect(findLogin(account, { io, signal: neverAborted }, { mayBeMachine: true })?.name).toMatch(/managed identity/);
  });

  test.each([
    ['on a machine of GitHub without a login', { ...unnamed, hasCliLogin: false }, /or run azure\/login/],
    ['with an application and no permission for its token', { ...named, isByInput: true }, /id-token: write/],
  ])('no credentials, %s', (_title, account, hint) => {
    const io = fakeIo({ env: { RUNNER_ENVIRONMENT: 'github-hosted' } });
    expect(() => chooseLogin(account, { io, signal: neverAborted })).toThrow(
      expect.objectContaining({ code: 'AUTH_FAILED', hint: expect.stringMatching(hint) }),
    );
  });
});
