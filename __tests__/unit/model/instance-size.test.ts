import { describe, expect, test } from '@jest/globals';
import { compareSizes, parseQuantity, sumOf } from '../../../src/model/instance-size.ts';

describe('the size of an instance', () => {
  test.each([
    [{ cpus: 0.25, memoryBytes: 512 * 2 ** 20 }, '0.25 vCPU, 512 MiB'],
    [{ cpus: 0.005, memoryBytes: 1.5 * 2 ** 30 }, '0.005 vCPU, 1.5 GiB'],
    [{ cpus: 2, memoryBytes: null }, '2 vCPU'],
    [{ cpus: null, memoryBytes: 2 ** 30 }, '1 GiB'],
  ])('%j is %j', (size, text) => {
    expect(compareSizes(size, size)).toEqual({ before: text, now: text });
  });

  test('is null where nothing is known of it, before and now', () => {
    const unknown = { cpus: null, memoryBytes: null };
    expect(compareSizes(unknown, unknown)).toBeNull();
    expect(compareSizes(unknown, { ...unknown, cpus: 1 })).toEqual({ before: null, now: '1 vCPU' });
  });

  test.each([
    ['500m', 0.5],
    ['1.5', 1.5],
    ['.5', 0.5],
    ['2.', 2],
    [0.5, 0.5],
    ['512Mi', 512 * 2 ** 20],
    ['1G', 1e9],
    ['64k', 64_000],
    ['1Ki', 1024],
    ['2Ti', 2 * 1024 ** 4],
    ['', null],
    ['12 apples', null],
    ['1e3x', null],
    [undefined, null],
    [{}, null],
  ])('the quantity %j is %j', (quantity, amount) => {
    expect(parseQuantity(quantity)).toBe(amount);
  });

  test('of all containers is known where each says it', () => {
    expect([sumOf([1, 2.5]), sumOf([1, null]), sumOf([])]).toEqual([3.5, null, null]);
  });
});
