import { describe, expect, test } from '@jest/globals';
import type { GoogleCredentials } from '../../../../../src/clouds/google/credentials.ts';
import { artifactRegistry } from '../../../../../src/clouds/google/registry/registry.ts';
import { openSharedLogins } from '../../../../../src/clouds/target.ts';
import { readStepInputs } from '../../../../../src/inputs/step-inputs.ts';
import { neverAborted } from '../../../../../src/io/signals.ts';
import { fakeIo } from '../../../../fixtures/fake-io.ts';

const inputs = (env: Record<string, string> = {}) => readStepInputs(env);

function given(token: string | null) {
  const io = fakeIo();
  const credentials = { client: { getAccessToken: async () => ({ token }) } } as unknown as GoogleCredentials;
  const shared = <T>(): T => Promise.resolve(credentials) as T;
  return { io, keychain: artifactRegistry.parse(inputs())({ io, signal: neverAborted, logins: { shared } }).keychain };
}

describe('Artifact Registry', () => {
  test.each(['europe-west1-docker.pkg.dev', 'docker.pkg.dev', 'gcr.io', 'eu.gcr.io'])('is %s', async (host) => {
    const { io, keychain } = given('ya29.token-of-google');
    expect(artifactRegistry.handles(host)).toBe(true);
    expect(await keychain.resolve(host)).toEqual({ username: 'oauth2accesstoken', password: 'ya29.token-of-google' });
    expect(io.masked).toEqual(['ya29.token-of-google']);
    expect(keychain.traits?.(host)).toMatchObject({
      createsRepositories: false,
      permissions: { push: expect.stringContaining('artifactregistry.writer') },
    });
  });

  test.each(['ghcr.io', 'docker.io', 'pkg.dev.evil.com', 'evil-gcr.io', 'x.gcr.io.evil.com', 'a.b.pkg.dev'])(
    'is not %s',
    async (host) => {
      const { keychain } = given('ya29.x');
      expect(artifactRegistry.handles(host)).toBe(false);
      expect(await keychain.resolve(host)).toBeNull();
      expect(keychain.traits?.(host)).toBeNull();
    },
  );
});

describe('its login', () => {
  test('fails where Google gives no token', async () => {
    await expect(given(null).keychain.resolve('gcr.io')).rejects.toMatchObject({ code: 'AUTH_FAILED' });
  });

  test('is none in a job without credentials for Google: a public image needs none', async () => {
    const { keychain } = artifactRegistry.parse(inputs())({
      io: fakeIo(),
      signal: neverAborted,
      logins: openSharedLogins(),
    });
    expect(await keychain.resolve('gcr.io')).toBeNull();
  });

  test('is checked before anything is sent, whatever the image is deployed to', () => {
    const reader = inputs({ 'INPUT_WORKLOAD-IDENTITY-PROVIDER': 'acme' });
    artifactRegistry.parse(reader);
    expect(() => reader.ensureNoProblems()).toThrow(/workload-identity-provider: got "acme"/);
  });
});
