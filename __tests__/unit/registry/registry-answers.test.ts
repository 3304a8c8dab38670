import { afterEach, describe, expect, test } from '@jest/globals';
import { answerRows } from '../../../conformance/registry-answers/rows.ts';
import { playOurs } from './play-answers.ts';
import { closeServers } from './world.ts';

afterEach(closeServers);

describe('what a copy makes of the answer of a registry', () => {
  test.each(answerRows)('$when', async ({ way, rules, ours }) => {
    expect(await playOurs({ way, rules })).toBe(ours);
  });

  test('is known for many, each once', () => {
    expect(new Set(answerRows.map(({ when }) => when)).size).toBe(answerRows.length);
    expect(answerRows.length).toBeGreaterThanOrEqual(60);
  });
});
