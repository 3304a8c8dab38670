import type { SimulatedRequest, SimulatedResponse } from '../edge/host.ts';

/** One thing that a hostile server does, and how a run against it has to end. */
export interface HostileBehaviour {
  /** Unique in its program. */
  readonly name: string;
  /** What it is about: `challenges`, `uploads`. */
  readonly group: string;
  /** The requests that are answered so, as `SimulatedHost.nameCall` names them; all others are answered honestly. */
  readonly on: RegExp;
  /** Only this one of them, from 1; absent: each. */
  readonly nth?: number;
  readonly act: (turn: HostileTurn) => SimulatedResponse | Promise<SimulatedResponse>;
  /** Which of two registries is hostile; default: the one that is copied from. */
  readonly at?: 'source' | 'destination';
  /** What becomes of the run. */
  readonly ends: Ending;
  /** The cause, as the log has it; absent: nothing is wrong. */
  readonly says?: RegExp;
  /** A service whose previous revision is as hostile as the one under test. */
  readonly isLasting?: boolean;
  /** Of the smoke test: its method, default POST, and options beside the usual ones. */
  readonly asks?: Readonly<Record<string, unknown>>;
  /** Beside the usual ones. */
  readonly inputs?: Readonly<Record<string, string>>;
}

export type Ending = 'deployed' | 'refused' | 'rolled-back' | 'rollback-unconfirmed';

export interface HostileTurn {
  readonly request: SimulatedRequest;
  /** What an honest server answers to it; it takes effect. */
  readonly honest: () => Promise<SimulatedResponse>;
  /** Which of the requests that the behaviour is about, from 1. */
  readonly nth: number;
  /** `http://127.0.0.1:<port>` of a listener on this machine, which no one may call. */
  readonly trap: string;
}

/** A behaviour without its group. */
export type Row = Omit<HostileBehaviour, 'group'>;

export function groupOf(group: string, rows: readonly Row[]): readonly HostileBehaviour[] {
  return rows.map((row) => ({ ...row, group }));
}
