import { expect, it, test } from '@jest/globals';
import { nearest } from '../../../src/model/nearest.ts';

const KEYS = ['headers', 'header', 'within', 'contains', 'json', 'json-body', 'retry-for', 'run'];

test.each([
  ['withn', 'within'],
  ['Within', 'within'],
  ['headr', 'header'],
  ['headerss', 'headers'],
  ['json_body', 'json-body'],
  ['retryfor', 'retry-for'],
  ['rum', 'run'],
])('%s was probably meant to be %s', (word, meant) => expect(nearest(word, KEYS)).toBe(meant));

test.each(['', 'x', 'expect', 'something-else'])('"%s" is like none of them', (word) => {
  expect(nearest(word, KEYS)).toBeNull();
});

it('a text of a million characters is no misspelt word', () => {
  expect(nearest('y'.repeat(1_000_000), KEYS)).toBeNull();
});

it('has nothing to suggest where there are no words', () => expect(nearest('run', [])).toBeNull());

test.each([
  ['name', 'base'],
  ['zone', 'mode'],
  ['pause', 'base'],
  ['action', 'region'],
  ['revision', 'region'],
])('%s is a word of its own, not %s', (word, other) => expect(nearest(word, [other])).toBeNull());

test.each([
  ['mdoe', 'mode'],
  ['iamge', 'image'],
  ['urn', 'run'],
  ['pln', 'plan'],
])('%s has two letters swapped or one left out: %s', (word, meant) => expect(nearest(word, [meant])).toBe(meant));
