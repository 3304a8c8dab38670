import { expect, test } from '@jest/globals';
import { joinSentences } from '../../../src/model/sentences.ts';

test.each<[string, (string | null | undefined)[], string]>([
  ['two texts become two sentences', ['it failed: no route', 'Try again.'], 'it failed: no route. Try again.'],
  [
    'a quoted sentence gets no second full stop',
    ['AWS said: Access denied.', 'Add the role'],
    'AWS said: Access denied. Add the role.',
  ],
  [
    'a quotation that ends a sentence gets none either',
    ['it said "No route."', 'Try again.'],
    'it said "No route." Try again.',
  ],
  ['a question mark ends a sentence', ['Did you mean agent?', 'Correct it'], 'Did you mean agent? Correct it.'],
  ['a command in code marks gets its full stop', ['Run `npm run build`'], 'Run `npm run build`.'],
  ['what is missing or empty is left out', [null, 'One', undefined, ' '], 'One.'],
  ['nothing stays nothing', [], ''],
])('%s', (_, parts, expected) => {
  expect(joinSentences(...parts)).toBe(expected);
});
