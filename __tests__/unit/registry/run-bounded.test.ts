import { expect, test } from '@jest/globals';
import { runBounded } from '../../../src/registry/run-bounded.ts';

/** The most that was under way at once, by weight. */
async function highestLoad(weights: readonly number[], capacity: number): Promise<number> {
  let load = 0;
  let highest = 0;
  await runBounded(weights, { capacity, weigh: (weight) => weight }, async (weight) => {
    load += weight;
    highest = Math.max(highest, load);
    await new Promise((resolve) => setImmediate(resolve));
    load -= weight;
  });
  return highest;
}

test('what is under way never weighs more than the capacity', async () => {
  expect(await highestLoad([3, 3, 3, 1, 1, 1, 1, 2], 7)).toBeLessThanOrEqual(7);
});

test('the capacity is used', async () => {
  expect(await highestLoad(Array<number>(20).fill(1), 7)).toBe(7);
});

test('an item that is heavier than the capacity runs alone', async () => {
  expect(await highestLoad([1, 9, 1], 7)).toBe(9);
});

test('results come in the order of the items', async () => {
  const turns = async (count: number): Promise<number> => {
    for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    return count;
  };
  expect(await runBounded([5, 1, 3], { capacity: 3 }, turns)).toEqual([5, 1, 3]);
});

test('after a failure nothing new begins, and what runs is told', async () => {
  const begun: number[] = [];
  const told: number[] = [];
  const running = runBounded([1, 2, 3], { capacity: 2 }, async (item, signal) => {
    begun.push(item);
    if (item === 1) throw new Error('the first failed');
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    told.push(item);
  });
  await expect(running).rejects.toThrow('the first failed');
  expect(begun).toEqual([1, 2]);
  expect(told).toEqual([2]);
});
