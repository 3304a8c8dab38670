import { expect, test } from '@jest/globals';
import { hintFor } from '../../../src/registry/registry-hints.ts';

const call = { what: 'push', registry: 'registry.example', writes: true, anonymous: false };
const permissions = { pull: 'the right to pull', push: 'the right to push' };
const traits = { permissions, createsRepositories: true };

test.each([
  [
    'a permission that the registry names',
    { ...call, traits },
    'User x is not authorized to perform: reg:PutImage on y',
    'Add reg:PutImage to the policy',
  ],
  [
    'what the registry is known to need for a push',
    { ...call, traits },
    'denied',
    'give these credentials the right to push',
  ],
  ['what it is known to need for a pull', { ...call, traits, writes: false }, 'denied', 'the right to pull'],
  ['an unknown registry', call, 'denied', 'allow these credentials to push to it'],
  ['nobody', { ...call, anonymous: true }, 'denied', 'Log in to registry.example'],
])('a refusal of %s names it', (_, refused, text, expected) => {
  expect(hintFor('PERMISSION_DENIED', refused, text)).toContain(expected);
});

test('refused credentials are told what they need', () => {
  expect(hintFor('AUTH_FAILED', { ...call, traits, writes: false }, '')).toContain('They need the right to pull.');
});
