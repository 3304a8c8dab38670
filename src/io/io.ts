import type { ShortName } from '../model/short-names.ts';
import { type Clock, systemClock } from './clock.ts';
import { closedHttp } from './closed-http.ts';
import { type Exec, openExec } from './exec.ts';
import { type Files, openFiles } from './files.ts';
import { type Http, openHttp } from './http.ts';
import { type Log, openLog } from './log.ts';
import { openPaint } from './paint.ts';
import { publicTextsOf } from './public-texts.ts';
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

/** `shortNames`: of long names, for the log. */
export function openIo(shortNames: readonly ShortName[] = []): Io {
  const paint = openPaint(process.env, process.stdout.isTTY);
  const log = openLog({ publicTexts: publicTextsOf(process.env), shortNames, paint });
  return {
    clock: systemClock,
    http: openNetwork(log),
    exec: openExec(systemClock),
    files: openFiles(process.env),
    log,
    state: runnerState,
    env: process.env,
  };
}

/** A proxy that can't be used is said with the outcome: until then nothing is sent past it. */
function openNetwork(log: Log): Http {
  try {
    return openHttp(process.env, log.info);
  } catch (error) {
    return closedHttp(error);
  }
}
