import { expect, it, test } from '@jest/globals';
import { findNearestTags } from '../../../src/registry/nearest-tags.ts';
import { fc } from '../../fixtures/fast-check.ts';

const COMMIT = '9fceb02d0ae598e95dc970b74767f19372d61af8';
const TAGS = [COMMIT, 'v1.2.3', '2.0.0', 'sha-1234567', 'main', 'release-42', 'release-43'];

test.each([
  ['a short commit', '9fceb02', [COMMIT]],
  ['a short commit with sha-', 'sha-9fceb02', [COMMIT]],
  ['a commit with sha- where the tag has none', `sha-${COMMIT}`, [COMMIT]],
  ['a full commit where the tag is short', '1234567890abcdef1234567890abcdef12345678', ['sha-1234567']],
  ['a version without its v', '1.2.3', ['v1.2.3']],
  ['a version with a v too many', 'v2.0.0', ['2.0.0']],
  ['a typo', 'mian', ['main']],
  ['something near several', 'release-4', ['release-42', 'release-43']],
  ['something else', 'production', []],
  ['a few letters that begin a commit', '9fc', []],
])('%s', (_, wanted, expected) => expect(findNearestTags(wanted, TAGS)).toEqual(expected));

it('never names more than three, nor the tag itself, nor one that is not there', () => {
  fc.assert(
    fc.property(fc.string(), fc.array(fc.string()), (wanted, tags) => {
      const near = findNearestTags(wanted, tags);
      expect(near.length).toBeLessThanOrEqual(3);
      expect(near).not.toContain(wanted);
      for (const tag of near) expect(tags).toContain(tag);
    }),
  );
});
