import { FAULT_KINDS } from './fault-kinds.ts';
import { openRandom, type Random } from './random.ts';
import type { RecordedCall, Recordings } from './recording.ts';

export interface RunPlan {
  readonly version: string;
  readonly image: 'good' | 'bad';
  /** At the n-th call that anyone makes after its start. */
  readonly end: { readonly at: number; readonly way: EndWay } | null;
}

export type EndWay = 'kill' | 'cancel' | 'both-killed' | 'runner-lost';

export interface WalkStep {
  readonly run: RunPlan;
  readonly faults: readonly { readonly call: RecordedCall; readonly kind: string }[];
  /** Another run that starts at this call. */
  readonly second: { readonly at: number; readonly run: RunPlan } | null;
  readonly foreign: { readonly at: number; readonly act: 'deploy' | 'reapply' } | null;
  /** Until the next step. */
  readonly pauseMs: number;
}

const PAUSES_MS = [0, 0, 60_000, 30 * 60_000];
const END_WAYS: readonly EndWay[] = ['kill', 'cancel', 'both-killed', 'runner-lost'];

/** What happens on one walk: one to three runs on one service, each disturbed in some ways or not at all. */
export function planWalk(seed: number, name: string, recordings: Recordings): readonly WalkStep[] {
  const random = openRandom(seed, name);
  let last = 1;
  const planRun = (): RunPlan => ({
    version: `v${++last}`,
    image: random.chance(70) ? 'good' : 'bad',
    end: random.chance(25) ? { at: 1 + random.below(recordings.good.calls.length), way: random.pick(END_WAYS) } : null,
  });
  return Array.from({ length: 1 + random.below(2) }, () => planStep(random, planRun, recordings));
}

function planStep(random: Random, planRun: () => RunPlan, { good, bad }: Recordings): WalkStep {
  const run = planRun();
  const { calls } = run.image === 'good' ? good : bad;
  const at = (): number => 1 + random.below(calls.length);
  return {
    run,
    faults: Array.from({ length: random.pick([0, 1, 1, 2, 3]) }, () => planFault(random, calls)),
    second: random.chance(30) ? { at: at(), run: planRun() } : null,
    foreign: random.chance(15) ? { at: at(), act: random.pick(['deploy', 'reapply'] as const) } : null,
    pauseMs: random.pick(PAUSES_MS),
  };
}

function planFault(random: Random, calls: readonly RecordedCall[]): WalkStep['faults'][number] {
  const call = random.pick(calls);
  const kinds = FAULT_KINDS.filter(({ fits }) => fits?.(call) ?? true);
  return { call, kind: random.pick(kinds).name };
}

/** One line for each step. */
export function describeWalk(steps: readonly WalkStep[]): readonly string[] {
  return steps.map(({ run, faults, second, foreign, pauseMs }) =>
    [
      describeRun(run),
      ...faults.map(({ call, kind }) => `${kind} at ${call.operation} #${call.nth}`),
      ...(second ? [`at call ${second.at} a second run: ${describeRun(second.run)}`] : []),
      ...(foreign ? [`at call ${foreign.at} a foreign ${foreign.act}`] : []),
      ...(pauseMs > 0 ? [`then ${pauseMs / 60_000} min`] : []),
    ].join('; '),
  );
}

function describeRun({ version, image, end }: RunPlan): string {
  return `${version} (${image}${end ? `, ${end.way} at call ${end.at}` : ''})`;
}
