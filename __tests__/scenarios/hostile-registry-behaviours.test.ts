import { afterAll, describe, expect, test } from '@jest/globals';
import { hostileRegistry } from '../../simulators/hostile/registry-program.ts';
import { openTally } from './hostile-behaviours.ts';

/** Much more than a group takes, on a machine that does something else too. */
const LONGEST_MS = 1_800_000;

const tally = openTally('registry', hostileRegistry);
afterAll(tally.print);

describe('no credential goes beyond its owner, no file beyond the workspace, and every run ends in time', () => {
  test.each(tally.groups)(
    'whatever a hostile registry does: %s',
    async (_, behaviours) => {
      expect(await tally.play(behaviours)).toEqual([]);
    },
    LONGEST_MS,
  );
});
