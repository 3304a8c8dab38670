import { expect, test } from '@jest/globals';
import { denialHint } from '../../../src/clouds/aws/denied-by.ts';
import { hintFor } from '../../../src/registry/registry-hints.ts';

const call = { what: 'push', registry: 'registry.example', writes: true, anonymous: false };
const permissions = { pull: 'the right to pull', push: 'the right to push' };
const traits = { permissions, createsRepositories: true, denialHint };

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
  [
    'the policy of a repository of another account',
    { ...call, traits },
    'User x is not authorized to perform: reg:PutImage on y because no resource-based policy allows the reg:PutImage action',
    'the repository’s policy',
  ],
  ['an unknown registry', call, 'denied', 'allow these credentials to push to it'],
  ['nobody', { ...call, anonymous: true }, 'denied', 'Log in to registry.example'],
])('a refusal of %s names it', (_, refused, text, expected) => {
  expect(hintFor('PERMISSION_DENIED', refused, text)).toContain(expected);
});

test('refused credentials are told what they need', () => {
  expect(hintFor('AUTH_FAILED', { ...call, traits, writes: false }, '')).toContain('They need the right to pull.');
});

test.each(['NOT_FOUND', 'IMAGE_NOT_FOUND'] as const)('%s of a pull names what a pull-through cache needs', (code) => {
  const cached = { ...traits, permissions: { ...permissions, cache: 'the right to import' } };
  const pull = { ...call, writes: false };
  expect(hintFor(code, { ...pull, traits: cached }, '')).toContain(
    'a pull-through cache, the first pull of an image needs the right to import',
  );
  expect(hintFor(code, { ...pull, traits }, '')).not.toContain('cache');
});
