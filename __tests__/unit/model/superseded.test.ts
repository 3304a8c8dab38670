import { expect, test } from '@jest/globals';
import { superseded } from '../../../src/model/superseded.ts';

test('a deployment that another one came before says how to prevent it', () => {
  expect(superseded('could not deploy to agent: agent:43 was deployed meanwhile')).toMatchObject({
    code: 'SUPERSEDED',
    message: 'could not deploy to agent: agent:43 was deployed meanwhile',
    hint: expect.stringContaining('one workflow at a time'),
  });
});
