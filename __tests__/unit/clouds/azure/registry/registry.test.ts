import { describe, expect, test } from '@jest/globals';
import { acrRegistry } from '../../../../../src/clouds/azure/registry/registry.ts';
import { openSharedLogins } from '../../../../../src/clouds/target.ts';
import { readStepInputs } from '../../../../../src/inputs/step-inputs.ts';
import { neverAborted } from '../../../../../src/io/signals.ts';
import { type FakeIo, fakeIo } from '../../../../fixtures/fake-io.ts';

function open(inputs: Readonly<Record<string, string>>, io: FakeIo) {
  const env = Object.entries(inputs).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]);
  return acrRegistry.parse(readStepInputs(Object.fromEntries(env)))({
    io,
    signal: neverAborted,
    logins: openSharedLogins(),
  });
}

const request = {
  source: { registry: 'ghcr.io', repository: 'acme/agent', tag: null, digest: `sha256:${'a'.repeat(64)}` },
  destination: { registry: 'acme.azurecr.io', repository: 'agent', tags: [] },
} as const;

describe('Azure Container Registry, whichever target is deployed to', () => {
  test('has no credentials of its own where the job has none for Azure: docker may have a login', async () => {
    const io = fakeIo({ env: { RUNNER_ENVIRONMENT: 'github-hosted', HOME: '/nowhere' } });
    const { keychain, importer } = open({}, io);
    expect(await keychain.resolve('acme.azurecr.io')).toBeNull();
    expect(importer).toBeUndefined();
  });

  test('does not look for an identity of the machine on a runner that may be anywhere', async () => {
    const io = fakeIo({ env: { RUNNER_ENVIRONMENT: 'self-hosted', HOME: '/nowhere' } });
    expect(await open({}, io).keychain.resolve('acme.azurecr.io')).toBeNull();
  });

  test('fetches images of other registries where the subscription can be known, and not its own', () => {
    const { importer } = open({ 'resource-group': 'production' }, fakeIo());
    expect(importer?.handles(request)).toBe(true);
    const source = { ...request.source, registry: 'other.azurecr.io' };
    expect(importer?.handles({ ...request, source })).toBe(false);
  });

  test('an import without a login ends in words, and the image is copied', async () => {
    const io = fakeIo({ env: { RUNNER_ENVIRONMENT: 'github-hosted', HOME: '/nowhere' } });
    const { importer } = open({ 'resource-group': 'production' }, io);
    const attempt = await importer?.tryImport({ ...request, credentials: null });
    expect(attempt).toEqual({ isDone: false, why: 'the Azure subscription is not known' });
  });
});
