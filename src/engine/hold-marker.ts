import { type RetryPolicy, retryTransient } from '../io/retry-transient.ts';
import { describeError } from '../model/errors.ts';
import { MARKER_HOLDS_MS } from '../model/rollout-marker.ts';
import { joinSentences } from '../model/sentences.ts';
import type { SmokeTest } from '../model/smoke-test.ts';
import { noteUnanswered } from '../model/unanswered.ts';
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
  if (await tryRenew(progress, { workload, io }, next)) progress.markedUntil = next;
}

/** False: it was not renewed. One that got no answer may still arrive, and would be there again after the end. */
export async function tryRenew(
  progress: Pick<Progress, 'entry' | 'unanswered'>,
  { workload, io }: Holder,
  until: number,
): Promise<boolean> {
  const { point, mark } = progress.entry;
  const { marker } = workload;
  if (!marker || mark === null) return false;
  try {
    await noteUnanswered(progress.unanswered, io.clock, () => marker.renew(point, mark, until));
    return true;
  } catch (error) {
    io.log.debug(`could not renew the marker: ${describeError(error).message}`);
    return false;
  }
}

const RETRY_MS = 30_000;
/** Whatever the answer was: one that stays makes the next run wait, and then restore what was live before. */
const REMOVAL: RetryPolicy = { tries: 6, firstDelayMs: 1_000, mayPass: () => true };

/** Before an ending that `Workload.finish` is no part of. @throws the signal's reason */
export async function removeMarker(
  entry: JournalEntry,
  { workload, io, signal }: Holder & { readonly signal: AbortSignal },
): Promise<void> {
  const { marker } = workload;
  if (!marker || entry.mark === null) return;
  try {
    await retryTransient(() => marker.remove(entry.point), REMOVAL, { clock: io.clock, signal });
  } catch (error) {
    // The post step restores then, and removes it.
    signal.throwIfAborted();
    const what = `could not remove the marker of this run from ${workload.resource}: ${describeError(error).message}`;
    io.log.warning(joinSentences(what, 'The next run waits until it has run out, then restores what was live before'));
  }
}

/** What brings a test in the workload's own network to its start, and its last attempt to its end. */
const INSIDE_MS = 180_000;

/** The longest that smoke tests may take when they fail in the end. */
export function longestOf(tests: readonly SmokeTest[]): number {
  const longest = tests.map(
    (test) => test.retryForMs + (test.kind === 'command' ? test.timeoutMs : 0) + (test.inside ? INSIDE_MS : 0),
  );
  return longest.reduce((sum, ms) => sum + ms, 0);
}
