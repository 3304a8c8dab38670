import { expect } from '@jest/globals';
import type { Arbitrary } from 'fast-check';
import type { Agent } from '../../simulators/agent.ts';
import type { Behaviour } from '../../simulators/behaviour.ts';
import type { FaultAct } from '../../simulators/edge/faults.ts';
import { fc, isFuzz, slowRuns } from '../fixtures/fast-check.ts';
import { closeAgents } from './agent.ts';

/** A kind of rollout in which something fails for a while. `Row`: what fast-check makes of one. */
export interface PassingFailures<Row, A extends Agent> {
  readonly platform: string;
  readonly rows: Arbitrary<Row>;
  /** How many things fail in it. */
  readonly failuresOf: (row: Row) => number;
  /** The service, which runs v1, and what will go wrong once v2 is there. */
  readonly given: (row: Row) => Promise<A>;
  /** Of v2. */
  readonly behaviourOf: (row: Row) => Partial<Behaviour>;
  readonly inputs?: Readonly<Record<string, string>>;
  /** Does the platform end the same rollout of v2 well, where a user deploys without us? */
  readonly endsWellAlone: (agent: A, behaviour: Partial<Behaviour>) => Promise<boolean>;
}

const RUNS = 200;
/** Of all of them. */
export const LONGEST_MS = 1_800_000;

/**
 * Which of the examples a file plays in `npm run fuzz`. In one file, 200 that take 1.5 s or more each would be one worker’s
 * alone.
 */
interface Part {
  readonly first: number;
  readonly every: number;
}

/**
 * Deploys at random rollouts: where we roll back, the platform alone has to end the same rollout badly too. Prints the counts.
 */
export async function neverRollBackWhatPasses<Row, A extends Agent>(
  { platform, rows, failuresOf, given, behaviourOf, inputs = {}, endsWellAlone }: PassingFailures<Row, A>,
  part: Part = { first: 0, every: 1 },
): Promise<void> {
  const counts = { good: 0, stopped: 0, failures: 0 };
  const { first, every } = isFuzz ? part : { first: 0, every: 1 };
  let nth = 0;
  await fc.assert(
    fc.asyncProperty(rows, async (row) => {
      if (nth++ % every !== first) return;
      try {
        const agent = await given(row);
        const image = agent.world.publish('v2', behaviourOf(row));
        const { main } = await agent.deploy({ image, timeout: '90m', ...inputs });
        const isGood = main.outputs['outcome'] === 'deployed';
        counts.failures += failuresOf(row);
        counts[isGood ? 'good' : 'stopped'] += 1;
        if (isGood) return;
        const alone = await given(row);
        expect({
          outcome: main.outputs['outcome'],
          log: main.log,
          good: await endsWellAlone(alone, behaviourOf(row)),
        }).toMatchObject({ outcome: expect.not.stringMatching('refused'), good: false });
      } finally {
        await closeAgents();
      }
    }),
    { numRuns: slowRuns(RUNS), endOnFailure: true },
  );
  const stopped = `${counts.stopped} that it stopped, 0 stopped by us`;
  process.stdout.write(
    `${platform}: ${counts.good} rollouts that it ended well, ${stopped} (${counts.failures} failures)\n`,
  );
  expect(counts.good).toBeGreaterThan(0);
  expect(counts.failures).toBeGreaterThan(counts.good / 2);
}

/** Reads that the API refuses for a while, from the n-th after the change. */
export interface Disturbance {
  readonly from: number;
  readonly length: number;
  readonly how: keyof typeof ACTS;
}

const ACTS = {
  throttled: { kind: 'status', status: 429, headers: { 'retry-after': '2' }, body: '{}' },
  unavailable: { kind: 'status', status: 503, headers: { 'content-type': 'application/json' }, body: '{}' },
  dropped: { kind: 'drop' },
} as const satisfies Record<string, FaultAct>;

export const disturbances: Arbitrary<Disturbance | null> = fc.option(
  fc.record({
    from: fc.integer({ min: 1, max: 12 }),
    length: fc.integer({ min: 1, max: 8 }),
    how: fc.constantFrom(...(Object.keys(ACTS) as (keyof typeof ACTS)[])),
  }),
);

/** `reads`, once the n-th call of `change` was answered; those before it are dry runs. */
export function disturb(
  { world: { edge } }: Agent,
  disturbance: Disturbance | null,
  { change, nth: nthChange = 1, reads }: { readonly change: RegExp; readonly nth?: number; readonly reads: RegExp },
): void {
  if (disturbance === null) return;
  const { from, length, how } = disturbance;
  let changes = 0;
  const stop = edge.onCall(({ operation }, when) => {
    if (when !== 'after' || !change.test(operation)) return;
    changes += 1;
    if (changes < nthChange) return;
    stop();
    for (let nth = from; nth < from + length; nth += 1)
      edge.faults.add({ operation: reads, nth, when: 'before', act: ACTS[how] });
  });
}
