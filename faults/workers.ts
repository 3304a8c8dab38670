import { type ChildProcess, fork } from 'node:child_process';
import path from 'node:path';
import type { Case, Verdict } from './cases.ts';
import type { Recordings } from './recording.ts';
import type { Row } from './rows.ts';

export interface Workers {
  record(row: Row): Promise<Recordings>;
  /** Plays all, each on the next worker that is free, and tells each verdict as it comes. */
  playAll(cases: readonly Case[], onVerdict: (played: Case, verdict: Verdict) => void): Promise<void>;
  close(): void;
}

const program = path.join(import.meta.dirname, 'worker.ts');
/** A worker keeps some memory of each case: after so many another takes its place. */
const CASES_OF_A_WORKER = 1_000;
/** Of real time. A case takes a fraction of a second. */
const LONGEST_CASE_MS = 60_000;

/** `count` processes that play cases side by side. */
export function openWorkers(count: number, flags: readonly string[]): Workers {
  const children = Array.from({ length: count }, () => fork(program, flags));
  return {
    record: (row) => ask<Recordings>(children[0]!, { record: row }),
    async playAll(cases, onVerdict) {
      let next = 0;
      await Promise.all(
        children.map(async (_, index) => {
          let played = 0;
          for (let mine = cases[next++]; mine; mine = cases[next++]) {
            if (++played % CASES_OF_A_WORKER === 0) {
              children[index]!.disconnect();
              children[index] = fork(program, flags);
            }
            const verdict = await ask<Verdict>(children[index]!, { play: mine }).catch((error: Error) => {
              // One that hangs is given up with its process.
              children[index]!.kill('SIGKILL');
              children[index] = fork(program, flags);
              return { violations: [`the case hung: ${error.message}`], ending: 'hung', evidence: [] };
            });
            onVerdict(mine, verdict);
          }
        }),
      );
    },
    close() {
      for (const child of children) child.disconnect();
    },
  };
}

function ask<Answer>(child: ChildProcess, order: object): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const timer = setTimeout(() => reject(new Error(`no verdict in ${LONGEST_CASE_MS / 1_000} s`)), LONGEST_CASE_MS);
  const onMessage = (answer: unknown): void => resolve(answer as Answer);
  const onExit = (): void => reject(new Error('its process ended'));
  child.once('message', onMessage).once('exit', onExit);
  child.send(order);
  return promise.finally(() => {
    clearTimeout(timer);
    child.off('message', onMessage).off('exit', onExit);
  });
}
