import { describe, expect, test } from '@jest/globals';
import type { AzureLogin } from '../../../../../src/clouds/azure/login.ts';
import { acrKeychain } from '../../../../../src/clouds/azure/registry/keychain.ts';
import { neverAborted } from '../../../../../src/io/signals.ts';
import { type Answer, openWire } from '../wire-fake.ts';

const login: AzureLogin = {
  account: { subscription: 's', tenantId: 'tenant-1', clientId: '', isByInput: false, hasCliLogin: true },
  tokens: { get: async (scope: string) => `aad for ${scope}`, renew: async () => 'unused' },
};

function refreshToken(expiresAtMs: number): string {
  const claims = Buffer.from(JSON.stringify({ exp: expiresAtMs / 1_000 })).toString('base64url');
  return `header.${claims}.signature`;
}

function open(answer: (nth: number) => Answer) {
  const wire = openWire((_request, nth) => answer(nth));
  return { ...wire, keychain: acrKeychain(async () => login, { io: wire.io, signal: neverAborted }) };
}

describe('credentials for Azure container registries', () => {
  test('are a refresh token, exchanged once and masked', async () => {
    const { keychain, sent, io } = open(() => ({ body: { refresh_token: refreshToken(2_000_000_000_000) } }));
    const credentials = await keychain.resolve('acme.azurecr.io');
    expect(credentials).toMatchObject({ username: '00000000-0000-0000-0000-000000000000' });
    expect(await keychain.resolve('acme.azurecr.io')).toEqual(credentials);
    expect(sent.map(({ method, url }) => `${method} ${url}`)).toEqual(['POST https://acme.azurecr.io/oauth2/exchange']);
    expect(Object.fromEntries(new URLSearchParams(String(sent[0]!.body)))).toEqual({
      grant_type: 'access_token',
      service: 'acme.azurecr.io',
      tenant: 'tenant-1',
      access_token: 'aad for https://containerregistry.azure.net/.default',
    });
    expect(io.masked).toContain(credentials!.password);
  });

  test('are none without a login for Azure: docker may have one, or the registry needs none', async () => {
    const wire = openWire(() => ({}));
    expect(
      await acrKeychain(async () => null, { io: wire.io, signal: neverAborted }).resolve('acme.azurecr.io'),
    ).toBeNull();
    expect(wire.sent).toEqual([]);
  });

  test('are renewed before they expire', async () => {
    const wire = open(() => ({ body: { refresh_token: refreshToken(1_800_000_000_000 + 240_000) } }));
    await wire.keychain.resolve('acme.azurecr.io');
    await wire.keychain.resolve('acme.azurecr.io');
    expect(wire.sent).toHaveLength(2);
  });

  test('are asked for again after a failure', async () => {
    const wire = open((nth) =>
      nth === 1 ? { status: 503 } : { body: { refresh_token: refreshToken(2_000_000_000_000) } },
    );
    await expect(wire.keychain.resolve('acme.azurecr.io')).rejects.toMatchObject({ code: 'NETWORK' });
    expect(await wire.keychain.resolve('acme.azurecr.io')).not.toBeNull();
  });

  test.each([
    [401, 'AUTH_FAILED', /AcrPush/],
    [403, 'AUTH_FAILED', /firewall/],
    [429, 'THROTTLED', /minute/],
    [200, 'NETWORK', /proxy/],
  ])('%i without a token is %s', async (status, code, hint) => {
    const { keychain } = open(() => ({ status, body: { nothing: true } }));
    await expect(keychain.resolve('acme.azurecr.io')).rejects.toMatchObject({
      code,
      hint: expect.stringMatching(hint),
    });
  });

  test.each(['ghcr.io', 'acme.azurecr.io.evil.test', 'evil.test/acme.azurecr.io', 'azurecr.io', 'acme.azurecr.us'])(
    'are not given to %s',
    async (registry) => {
      const { keychain, sent } = open(() => ({}));
      expect(await keychain.resolve(registry)).toBeNull();
      expect(keychain.traits?.(registry)).toBeNull();
      expect(sent).toEqual([]);
    },
  );
});
