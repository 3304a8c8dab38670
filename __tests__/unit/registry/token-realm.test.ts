import { expect, test } from '@jest/globals';
import { lookupFor } from '../../../src/registry/token-realm.ts';

/** What the look-up of a token service at `realm` makes of a name that leads to this machine. */
function lookUp(realm: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  lookupFor(new URL(realm), 'registry.example.com')('localhost', { all: true }, (error) =>
    resolve(error ? 'refused' : 'found'),
  );
  return promise;
}

test.each([
  ['the registry’s own host', 'https://registry.example.com:5001/token', 'found'],
  ['this machine', 'http://127.0.0.1:5001/token', 'found'],
  ['another host', 'https://auth.example.com/token', 'refused'],
  ['a host whose name ends alike', 'https://other.registry.example.com/token', 'refused'],
])('a private address of a token service at %s is only taken where it may be: %s, %s', async (_, realm, result) => {
  expect(await lookUp(realm)).toBe(result);
});
