import { describe, expect, test } from '@jest/globals';
import {
  chooseTag,
  fitsTag,
  hashOfMark,
  hashTemplate,
  isOurTag,
  markOfContent,
  remembersLatest,
  revisionNames,
} from '../../../../../src/clouds/google/cloud-run/revision-name.ts';

const none = { followsLatest: false, taken: [] };

describe('a revision’s name', () => {
  test('follows from the content, whatever the order and the old name', () => {
    const one = { revision: 'agent-old', a: 1, b: { c: [1, 2], d: 'x' } };
    const same = { b: { d: 'x', c: [1, 2] }, a: 1 };
    expect(hashTemplate(one)).toBe(hashTemplate(same));
    expect(hashTemplate(one)).not.toBe(hashTemplate({ ...same, a: 2 }));
    expect(revisionNames('agent', one).slice(0, 2)).toEqual([
      expect.stringMatching(/^agent-[0-9a-f]{8}$/),
      expect.stringMatching(/^agent-[0-9a-f]{8}-2$/),
    ]);
  });

  test('is none where a template is sent under the hash of its content, which is no name', () => {
    const [mark, other] = [{ a: 1 }, { a: 2 }].map((template) => markOfContent('agent', template));
    expect(mark).toMatch(/^agent@[0-9a-f]{16}$/);
    expect(hashOfMark(mark!)).toBe(hashTemplate({ a: 1 }));
    expect(mark).not.toBe(other);
    expect(revisionNames('agent', {}).map(hashOfMark)).toEqual(revisionNames('agent', {}).map(() => null));
  });

  // https://protobuf.dev/programming-guides/json/#presence
  test('what is empty makes no other content: Google leaves it out', () => {
    const sent = { a: 1, env: [{ name: 'A', value: '' }], b: false, c: 0, d: [], e: { f: {} } };
    expect(hashTemplate(sent)).toBe(hashTemplate({ a: 1, env: [{ name: 'A' }] }));
    expect(hashTemplate(sent)).not.toBe(hashTemplate({ a: 1, env: [{ name: 'A', value: '0' }] }));
  });

  test('fits, for the longest service name and the last attempt', () => {
    const names = revisionNames(`a${'b'.repeat(48)}`, {});
    expect(Math.max(...names.map(({ length }) => length))).toBeLessThanOrEqual(63);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('the tag of our revision', () => {
  test('is the same each time, short, and ours to recognise', () => {
    const tag = chooseTag('agent', 'agent-1f2e3d4c', none);
    expect(tag).toMatch(/^c-[0-9a-f]{7}$/);
    expect(chooseTag('agent', 'agent-1f2e3d4c', none)).toBe(tag);
    expect(isOurTag(tag, 'agent-1f2e3d4c')).toBe(true);
    expect(isOurTag(tag, 'agent-other')).toBe(false);
    expect(isOurTag('canary', 'agent-1f2e3d4c')).toBe(false);
    expect(isOurTag(null, 'agent-1f2e3d4c')).toBe(false);
  });

  test('remembers that the traffic follows the latest', () => {
    const tag = chooseTag('agent', 'agent-1', { followsLatest: true, taken: [] });
    expect(remembersLatest(tag)).toBe(true);
    expect(remembersLatest(chooseTag('agent', 'agent-1', none))).toBe(false);
  });

  test('is another one where somebody has it', () => {
    const tag = chooseTag('agent', 'agent-1', none);
    expect(chooseTag('agent', 'agent-1', { ...none, taken: [tag] })).not.toBe(tag);
  });

  test.each([
    [37, 9],
    [38, 8],
    [42, 4],
  ])('with a service name of %i characters has %i: 46 together', (service, length) => {
    const name = 'a'.repeat(service);
    expect(fitsTag(name)).toBe(true);
    expect(chooseTag(name, `${name}-1`, none)).toHaveLength(length);
  });

  test('does not fit a name of 43, which is said with the numbers', () => {
    const name = 'a'.repeat(43);
    expect(fitsTag(name)).toBe(false);
    expect(() => chooseTag(name, `${name}-1`, none)).toThrow(/its name has 43 characters, and 46 is the most/);
  });
});
