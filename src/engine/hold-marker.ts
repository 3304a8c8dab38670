import { describeError } from '../model/errors.ts';
import { MARKER_HOLDS_MS } from '../model/rollout-marker.ts';
import { joinSentences } from '../model/sentences.ts';
import type { SmokeTest } from '../model/smoke-test.ts';
import type { JournalEntry } from './journal.ts';
import type { Progress, Rollout } from './rollout.ts';

type Holder = Pick<Rollout, 'workload' | 'io'>;

/** Until when a marker holds that is written now. */
export function markedUntil({ clock }: Pick<Rollout['io'], 'clock'>): number {
  return clock.now() + MARKER_HOLDS_MS;
}

/**
 * Renews our marker when half of its time has passed, or when what comes next may outlast it. `neededMs`: how long that
 * may take. One that can't be renewed changes no verdict: the next poll says whether another run took over.
 */
export async function holdMarker(progress: Progress, { workload, io }: Holder, neededMs = 0): Promise<void> {
  const { entry, markedUntil: until } = progress;
  const now = io.clock.now();
  if (!workload.marker || entry.mark === null || until === null) return;
  if (until - now >= Math.max(MARKER_HOLDS_MS / 2, neededMs)) return;
  const next = now + Math.max(MARKER_HOLDS_MS, neededMs + MARKER_HOLDS_MS / 2);
  // One that failed is tried again half a minute later.
  progress.markedUntil = now + MARKER_HOLDS_MS / 2 + RETRY_MS;
  if (await tryRenew(entry, { workload, io }, next)) progress.markedUntil = next;
}

/** False: it was not renewed. */
export async function tryRenew(
  { point, mark }: JournalEntry,
  { workload, io }: Holder,
  until: number,
): Promise<boolean> {
  if (!workload.marker || mark === null) return false;
  try {
    await workload.marker.renew(point, mark, until);
    return true;
  } catch (error) {
    io.log.debug(`could not renew the marker: ${describeError(error).message}`);
    return false;
  }
}

const RETRY_MS = 30_000;

/** Before an ending that `Workload.finish` is no part of. @throws the signal's reason */
export async function removeMarker(
  entry: JournalEntry,
  { workload, io, signal }: Holder & { readonly signal: AbortSignal },
): Promise<void> {
  if (!workload.marker || entry.mark === null) return;
  try {
    await workload.marker.remove(entry.point);
  } catch (error) {
    // The post step restores then, and removes it.
    signal.throwIfAborted();
    const what = `could not remove the marker of this run from ${workload.resource}: ${describeError(error).message}`;
    io.log.warning(joinSentences(what, 'The next run waits until it has run out, then restores what was live before'));
  }
}

/** The longest that smoke tests may take when they fail in the end. */
export function longestOf(tests: readonly SmokeTest[]): number {
  return tests.reduce((sum, test) => sum + test.retryForMs + (test.kind === 'command' ? test.timeoutMs : 0), 0);
}
