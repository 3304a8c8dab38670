import { expect, test } from '@jest/globals';
import type { DeployError } from '../../../src/model/errors.ts';
import { ensureSafeUrl, registryUrl } from '../../../src/registry/registry-address.ts';

test.each([
  ['ghcr.io', 'https://ghcr.io/v2/'],
  ['docker.io', 'https://registry-1.docker.io/v2/'],
  ['registry.example:5000', 'https://registry.example:5000/v2/'],
  ['localhost:5000', 'http://localhost:5000/v2/'],
  ['127.0.0.1', 'http://127.0.0.1/v2/'],
  ['127.0.0.1.example', 'https://127.0.0.1.example/v2/'],
  ['localhost.example', 'https://localhost.example/v2/'],
  ['10.0.0.1', 'https://10.0.0.1/v2/'],
])('the registry %s is at %s', (registry, url) => {
  expect(registryUrl(registry).href).toBe(url);
});

test.each([
  ['http://registry.example/v2/acme/blobs/uploads/1', 'X-Forwarded-Proto: https'],
  ['http://registry.example:8080/token', 'X-Forwarded-Proto: https'],
  ['http://other.example/v2/', 'point somewhere unsafe'],
  ['https://169.254.169.254/', 'point somewhere unsafe'],
])('an answer that leads to %s is not followed, and the next step fits: %s', (address, hint) => {
  let failure: DeployError | null = null;
  try {
    ensureSafeUrl(new URL(address), 'registry.example');
  } catch (error) {
    failure = error as DeployError;
  }
  expect(failure).toMatchObject({ code: 'REGISTRY_FAILED', hint: expect.stringContaining(hint) });
});
