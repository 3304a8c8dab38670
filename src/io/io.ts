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
}

/** The outside world for work that may be given up. */
export interface CancellableIo {
  readonly io: Io;
  /** Aborted when the job is cancelled (the reason is a DeployError CANCELLED), or by an exception that no code caught. */
  readonly signal: AbortSignal;
}

export function openIo(): Io {
  return {
    clock: systemClock,
    http: openHttp(process.env),
    exec: openExec(systemClock),
    files: openFiles(process.env),
    log: runnerLog,
    state: runnerState,
    env: process.env,
  };
}
