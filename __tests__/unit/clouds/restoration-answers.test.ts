import { expect, test } from '@jest/globals';
import {
  failed,
  type RestorationAnswer,
  restored,
  returning,
  superseded,
  untouched,
  waiting,
} from '../../../src/clouds/restoration-answers.ts';
import type { Restoration } from '../../../src/model/restore-point.ts';

test.each<[string, RestorationAnswer, Restoration]>([
  [
    'what goes on without us was requested',
    returning('RESTORING', 'it goes on'),
    { status: 'progressing', requested: true, reason: 'RESTORING', message: 'it goes on' },
  ],
  [
    'what waits for something else was not',
    waiting('NOT_LISTED', 'not yet'),
    { status: 'progressing', requested: false, reason: 'NOT_LISTED', message: 'not yet' },
  ],
  [
    'a change that never arrived left nothing to put back',
    untouched('agent:41 is live'),
    { status: 'untouched', message: 'agent:41 is live: our change never arrived' },
  ],
  [
    'what serves again is named where it is another revision',
    restored({ by: 'us', message: 'it serves', revision: 'agent--9' }),
    { status: 'restored', by: 'us', message: 'it serves', revision: 'agent--9' },
  ],
  ['another deployment', superseded('agent:43'), { status: 'superseded', message: 'agent:43' }],
  ['a failure', failed('it ended'), { status: 'failed', message: 'it ended' }],
])('%s', (_fact, { act, answer }, expected) => {
  expect(act).toBe('none');
  expect(answer).toEqual(expected);
});
