import { type Clock, systemClock } from './clock.ts';
import { type Exec, openExec } from './exec.ts';
import { type Files, openFiles } from './files.ts';
import { type Http, openHttp } from './http.ts';
import { type Log, runnerLog } from './log.ts';
import { runnerState, type State } from './state.ts';

/** The outside world, passed in. */
export interface Io {
  readonly clock: Clock;
  readonly http: Http;
  readonly exec: Exec;
  readonly files: Files;
  readonly log: Log;
  readonly state: State;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted when the job is cancelled; the reason is a DeployError CANCELLED. */
  readonly signal: AbortSignal;
}

export function openIo(signal: AbortSignal): Io {
  return {
    clock: systemClock,
    http: openHttp(process.env),
    exec: openExec(systemClock),
    files: openFiles(process.env),
    log: runnerLog,
    state: runnerState,
    env: process.env,
    signal,
  };
}

/** The same world for work that is not given up when the job is cancelled. */
export function neverCancelled(io: Io): Io {
  return { ...io, signal: new AbortController().signal };
}
