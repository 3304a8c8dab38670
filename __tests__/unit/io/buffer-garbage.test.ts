import { expect, test } from '@jest/globals';
import { noteGarbage } from '../../../src/io/buffer-garbage.ts';

test('buffers that were used up do not pile up', () => {
  const before = process.memoryUsage().arrayBuffers;
  let most = 0;
  for (let round = 0; round < 4_000; round += 1) {
    const chunk = Buffer.alloc(64 * 1024, round);
    noteGarbage(chunk.length);
    most = Math.max(most, process.memoryUsage().arrayBuffers - before);
  }
  expect(most).toBeLessThan(32 * 1024 * 1024);
});
