import type { Kind, Play, Verdict } from './cases.ts';
import { checkRivals } from './company.ts';
import { type DeployResult, deploy } from './deploy.ts';
import { callOf } from './fault-kinds.ts';
import { checkRun, evidenceOf } from './invariants.ts';
import type { RecordedCall } from './recording.ts';
import { isDisturbed } from './rows.ts';
import { BAD, GOOD, openStage, type Stage, settle } from './stage.ts';
import { watchTraffic } from './watch-traffic.ts';

const IMAGES = ['good-good', 'good-bad', 'bad-good', 'bad-bad'] as const;
/** Of the second run's calls that change something: how far it gets while the first one's call is on its way. */
const MOST_AHEAD = 6;
/** Less than any client waits for an answer. */
const LONGEST_HOLD_MS = 8_000;

/**
 * A second run starts at each call of the first: `beside` from then on, or `ahead-N` while the call of the first is held
 * back until the second has made N calls that change something.
 */
export const twoRuns: Kind = {
  name: 'two-runs',
  list: (row, recordings) =>
    (row.form === 'copy' ? [] : IMAGES).flatMap((images) => {
      const { calls } = recordings[images.startsWith('good') ? 'good' : 'bad'];
      const ahead = Array.from({ length: MOST_AHEAD }, (_, index) => `ahead-${index + 1}`);
      return calls
        .filter((call) => isDisturbed(row, call))
        .flatMap(({ n, mutates }) =>
          ['beside', ...(mutates ? ahead : [])].map((pace) => ({ at: n, variant: `${images}/${pace}` })),
        );
    }),
  play,
};

async function play({ case: { row, at, variant }, recordings, pool }: Play): Promise<Verdict> {
  const [images = '', pace = ''] = variant.split('/');
  const [first, second] = images.split('-').map((image) => image === 'good');
  const call = recordings[first ? 'good' : 'bad'].calls[at - 1];
  if (!call) throw new Error(`the run has no call ${at}`);
  const stage = await openStage(row, pool);
  try {
    const before = stage.exact();
    const traffic = watchTraffic(stage);
    const image = stage.publish('v2', first ? GOOD : BAD);
    const other = stage.publish('v3', second ? GOOD : BAD);
    const startSecond = (): Promise<DeployResult> => deploy(stage, { image: other, runId: '4712' });
    const running = startAt(stage, call, { pace, startSecond });
    const mine = await deploy(stage, { image, runId: '4711' });
    const theirs = await running();
    await settle(stage);
    const rivals = [
      { run: mine, isGood: first ?? false },
      { run: theirs, isGood: second ?? false },
    ] as const;
    const versions = { v2: first, v3: second };
    const named = (good: boolean) => Object.entries(versions).flatMap(([name, is]) => (is === good ? [name] : []));
    return {
      violations: [
        ...checkRun(mine),
        ...checkRun(theirs).map((violation) => `the second run: ${violation}`),
        ...checkRivals(stage, rivals, { before, promised: recordings.good.after }),
        ...traffic.violations({ good: named(true), bad: named(false) }),
      ],
      ending: `${mine.outcome} and ${theirs.outcome}`,
      evidence: [...evidenceOf(mine), '-- the second run', ...evidenceOf(theirs)],
    };
  } finally {
    await stage.close();
  }
}

interface Second {
  readonly pace: string;
  readonly startSecond: () => Promise<DeployResult>;
}

/** Starts the second run at this call of the first. Returns how to wait for its end: it starts late if the call never came. */
function startAt(stage: Stage, call: RecordedCall, { pace, startSecond }: Second): () => Promise<DeployResult> {
  const { edge, clock } = stage.agent.world;
  const wanted = pace === 'beside' ? 0 : Number(pace.replace('ahead-', ''));
  const [begun, far] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  if (wanted > 0) edge.faults.add({ ...callOf(call), when: 'before', act: { kind: 'hold', until: far.promise } });
  let second: Promise<DeployResult> | null = null;
  let [seen, changed] = [0, 0];
  edge.onCall(async ({ operation, mutates }, when) => {
    if (second) {
      begun.resolve();
      if (mutates && when === 'after' && ++changed >= wanted) far.resolve();
    } else if (when === 'before' && operation === call.operation && ++seen === call.nth) {
      second = startSecond();
      void second.finally(() => [begun, far].forEach(({ resolve }) => void resolve()));
      void clock.sleepUntil(clock.now() + LONGEST_HOLD_MS).then(far.resolve);
      await begun.promise;
    }
  });
  return async () => await (second ?? startSecond());
}
