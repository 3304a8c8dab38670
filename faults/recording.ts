import type { Call } from '../simulators/edge/calls.ts';
import type { ProcessPool } from '../simulators/process-pool/process-pool.ts';
import { deploy } from './deploy.ts';
import type { Row } from './rows.ts';
import { BAD, GOOD, openStage, type Stage, settle } from './stage.ts';

/** One call of a run that nothing disturbs, by which the same call of another run is found. */
export interface RecordedCall {
  /** From 1. */
  readonly n: number;
  readonly operation: string;
  /** Which of the calls of that name, from 1. */
  readonly nth: number;
  readonly mutates: boolean;
  /** It changed what is configured: a dry run changes nothing. */
  readonly changes: boolean;
  /** A poll as those before and after it: neither of the first two nor the last of a wait. */
  readonly repeats: boolean;
}

/** What a run of a row does and leads to when nothing disturbs it. */
export interface Recording {
  readonly calls: readonly RecordedCall[];
  readonly outcome: string;
  /** What was configured and serves before, and after all was still. */
  readonly before: string;
  readonly after: string;
}

export interface Recordings {
  readonly good: Recording;
  /** An image whose smoke test fails. */
  readonly bad: Recording;
  /** What a deployment that takes the traffic leads to: of a row of previews too. */
  readonly full: string;
}

export async function record(row: Row, pool: ProcessPool | null): Promise<Recordings> {
  const good = await recordRun(row, pool, 'good');
  const isFull = row.strategy !== 'preview';
  const full = isFull ? good : await recordRun({ ...row, strategy: 'rolling' }, pool, 'good');
  return { good, bad: await recordRun(row, pool, 'bad'), full: full.after };
}

async function recordRun(row: Row, pool: ProcessPool | null, image: 'good' | 'bad'): Promise<Recording> {
  const stage = await openStage(row, pool);
  const before = stage.shape();
  const changing = noteChanges(stage);
  const reference = stage.publish('v2', image === 'good' ? GOOD : BAD);
  const result = await deploy(stage, { image: reference });
  const calls = numbered(stage.agent.world.edge.calls, changing);
  await settle(stage);
  const after = stage.shape();
  await stage.close();
  const expected = image === 'bad' ? 'rolled-back' : row.strategy === 'preview' ? 'previewed' : 'deployed';
  const { outcome } = result;
  if (outcome !== expected && !(image === 'bad' && outcome === 'refused')) {
    throw new Error(`${row.target}, ${row.strategy}: the undisturbed run ended ${outcome}\n${result.main.log}`);
  }
  return { calls, outcome, before, after };
}

/** Numbers of the calls that change the service. */
function noteChanges(stage: Stage): ReadonlySet<number> {
  const changing = new Set<number>();
  let before = '';
  stage.agent.world.edge.onCall(({ n, mutates }, when) => {
    if (!mutates) return;
    if (when === 'before') before = stage.exact();
    else if (stage.exact() !== before) changing.add(n);
  });
  return changing;
}

function numbered(calls: readonly Call[], changing: ReadonlySet<number>): RecordedCall[] {
  const counts = new Map<string, number>();
  return calls.map(({ operation, mutates }, index) => {
    const nth = (counts.get(operation) ?? 0) + 1;
    counts.set(operation, nth);
    const n = index + 1;
    return { n, operation, nth, mutates, changes: changing.has(n), repeats: isRepeated(calls, index) };
  });
}

/** Calls that one poll makes at most. */
const LONGEST_POLL = 6;

/** The same calls came twice before it, itself included, and come once more after it. */
function isRepeated(calls: readonly Call[], index: number): boolean {
  const name = (at: number): string => calls[at]?.operation ?? '';
  return Array.from({ length: LONGEST_POLL }, (_, one) => one + 1).some((length) => {
    const from = index - 3 * length + 1;
    const polls = Array.from({ length: 3 * length }, (_, at) => from + at);
    return from >= 0 && polls.every((at) => name(at) !== '' && name(at) === name(at + length));
  });
}
