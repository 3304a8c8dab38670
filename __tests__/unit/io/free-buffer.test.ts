import { expect, test } from '@jest/globals';
import { freeBuffer } from '../../../src/io/free-buffer.ts';

test('a part of a larger buffer is kept, as the rest may be in use', () => {
  const all = Buffer.from(new ArrayBuffer(100));
  freeBuffer(all.subarray(0, 50));
  freeBuffer(Buffer.from('from the pool that Node keeps for short ones'));
  expect(all).toHaveLength(100);
  freeBuffer(all);
  expect(all).toHaveLength(0);
});
