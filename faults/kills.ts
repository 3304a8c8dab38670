import type { RunningStage } from '../simulators/process-pool/process-pool.ts';
import { cancelInVirtualTime } from './cancel.ts';
import type { Case, Kind, Play, Verdict } from './cases.ts';
import { type DeployOptions, deploy } from './deploy.ts';
import { checkRun, checkState, evidenceOf } from './invariants.ts';
import { checkNextRun } from './next-run.ts';
import type { RecordedCall } from './recording.ts';
import { callsOf } from './single-run.ts';
import { BAD, GOOD, openStage, type Stage, settle } from './stage.ts';
import { watchTraffic } from './watch-traffic.ts';

const HALF_AN_HOUR_MS = 30 * 60_000;

/** How a run is ended from outside while it waits for the answer to one call. */
const WAYS = {
  'kill-before': { when: 'before', next: null },
  'kill-after': { when: 'after', next: null },
  cancel: { when: 'after', next: null },
  'both-killed': { when: 'after', next: 0 },
  'runner-lost': { when: 'after', next: 0 },
  'runner-lost-30m': { when: 'after', next: HALF_AN_HOUR_MS },
} as const;

type Way = keyof typeof WAYS;

/** Every recorded call of one run, with every way to end it there. */
export const kill: Kind = {
  name: 'kill',
  list: (row, recordings) =>
    (['good', 'bad'] as const).flatMap((image) =>
      callsOf(row, recordings, image).flatMap((call) =>
        (Object.keys(WAYS) as Way[])
          // Without an effect, before and after are the same.
          .filter((way) => call.mutates || way !== 'kill-before')
          .map((way) => ({ at: call.n, variant: `${image}/${way}` })),
      ),
    ),
  play,
};

async function play({ case: { row, at, variant }, recordings, pool }: Play): Promise<Verdict> {
  const { image, way } = read(variant);
  const call = recordings[image].calls[at - 1];
  if (!call) throw new Error(`the run has ${recordings[image].calls.length} calls, not ${at}`);
  const stage = await openStage(row, pool);
  try {
    const before = stage.exact();
    const traffic = watchTraffic(stage);
    const reference = stage.publish('v2', image === 'good' ? GOOD : BAD);
    const run = await deploy(stage, { image: reference, ...end(stage, call, way) });
    const { next } = WAYS[way];
    const promised = recordings.good.after;
    const found: string[] = [...checkRun(run)];
    if (next === null) {
      await settle(stage);
      const state = { before, now: stage.exact(), shape: stage.shape(), promised };
      found.push(...checkState(run.outcome, state), ...checkOutcome(run.outcome, recordings[image].outcome));
    } else {
      found.push(...(await checkNextRun(stage, { afterMs: next, promised })));
    }
    found.push(...traffic.violations({ good: image === 'good' ? ['v2'] : [], bad: image === 'bad' ? ['v2'] : [] }));
    return { violations: found, ending: run.outcome ?? 'lost', evidence: evidenceOf(run) };
  } finally {
    await stage.close();
  }
}

function read(variant: Case['variant']): { readonly image: 'good' | 'bad'; readonly way: Way } {
  const [image = '', way = ''] = variant.split('/');
  if ((image !== 'good' && image !== 'bad') || !Object.hasOwn(WAYS, way)) throw new Error(`there is no ${variant}`);
  return { image, way: way as Way };
}

/** What has to be done to a run so that it ends so. */
function end(stage: Stage, call: RecordedCall, way: Way): Partial<DeployOptions> {
  const { edge, clock } = stage.agent.world;
  const isLost = way.startsWith('runner-lost');
  let isOver = false;
  const atCall = (running: RunningStage, matches: (operation: string, mutates: boolean) => boolean): void => {
    isOver = false;
    const stop = edge.onCall(async ({ operation, mutates }, when) => {
      if (isOver || when !== WAYS[way].when || !matches(operation, mutates)) return undefined;
      isOver = true;
      stop();
      if (way === 'cancel') return void cancelInVirtualTime(running, clock);
      await clock.settle();
      await running.signal('SIGKILL');
      return 'drop';
    });
  };
  let seen = 0;
  return {
    onMain: (main) => atCall(main, (operation) => operation === call.operation && ++seen === call.nth),
    // At the first call that changes something: the restoration has begun.
    ...(way === 'both-killed' ? { onPost: (post) => atCall(post, (_operation, mutates) => mutates) } : {}),
    isPostLost: () => isLost,
  };
}

function checkOutcome(outcome: string | null, undisturbed: string): readonly string[] {
  const allowed = [undisturbed, 'rolled-back', 'refused'];
  return allowed.includes(String(outcome)) ? [] : [`ended ${outcome} instead of ${allowed.join(' or ')}`];
}
