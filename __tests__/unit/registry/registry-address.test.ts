import { expect, test } from '@jest/globals';
import { registryUrl } from '../../../src/registry/registry-address.ts';

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
