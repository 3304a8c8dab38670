import { expect, test } from '@jest/globals';
import { checkExchange } from '../../../conformance/github/check-exchange.ts';

const good = {
  ...{ method: 'POST', path: '/repos/acme/agent/deployments/1/statuses', query: new URLSearchParams(), status: 403 },
  ...{ body: { state: 'success', description: 'x' }, answer: { message: 'Forbidden' } },
};

test('what GitHub’s description of its API allows has no problem', () => {
  expect(checkExchange(good)).toEqual([]);
});

test.each([
  [
    'a state that it does not know',
    { body: { state: 'done' } },
    'request/state: must be equal to one of the allowed values',
  ],
  ['a missing member', { body: {} }, "request: must have required property 'state'"],
  ['an answer without its members', { status: 201, answer: {} }, "answer: must have required property 'id'"],
  ['a status that the operation does not have', { status: 299 }, 'status 299 is none of it'],
  ['a parameter that it does not have', { query: new URLSearchParams({ pages: '1' }) }, 'no parameter pages'],
  ['an operation that it does not have', { method: 'PUT' }, 'no such operation'],
])('%s has one', (_what, change, problem) => {
  expect(checkExchange({ ...good, ...change }).join('\n')).toContain(problem);
});
