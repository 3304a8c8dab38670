import type { RunRecord, TrafficMove } from '../model/outcome.ts';

/** Name of the phase of a rollback. */
export const ROLLBACK = 'Roll back';

/** How long a share of the traffic was in force, and what the checks said meanwhile. */
export interface TrafficSpan {
  readonly move: TrafficMove;
  readonly from: number;
  readonly to: number;
  /** null: it was not analyzed. */
  readonly passedRounds: number | null;
  readonly isBad: boolean;
}

/** Each share lasts until the next one, the rollback, or the end. */
export function trafficSpans({ traffic, phases, analyses, finishedAt, startedAt }: RunRecord): readonly TrafficSpan[] {
  const end = phases.find(({ name }) => name === ROLLBACK)?.startedAt ?? finishedAt ?? startedAt;
  return traffic.map((move, index) => {
    const to = traffic[index + 1]?.at ?? end;
    const here = analyses.filter((analysis) => move.at <= analysis.startedAt && analysis.startedAt < to);
    const passedRounds = here.length > 0 ? here.reduce((sum, one) => sum + one.passedRounds, 0) : null;
    return { move, from: move.at, to, passedRounds, isBad: here.some(({ passed }) => passed === false) };
  });
}
