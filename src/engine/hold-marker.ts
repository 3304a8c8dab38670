import { type RetryPolicy, retryTransient } from '../io/retry-transient.ts';
import { settlesWithin } from '../io/settles-within.ts';
import { describeError } from '../model/errors.ts';
import { MARKER_HOLDS_MS } from '../model/rollout-marker.ts';
import { joinSentences } from '../model/sentences.ts';
import { noteUnanswered } from '../model/unanswered.ts';
import type { JournalEntry } from './journal.ts';
import type { Progress, Rollout } from './rollout.ts';

type Holder = Pick<Rollout, 'workload' | 'io'>;

/** Until when a marker holds that is written now. */
export function markedUntil({ clock }: Pick<Rollout['io'], 'clock'>): number {
  return clock.now() + MARKER_HOLDS_MS;
}

/**
 * Renews our marker when half of its time has passed. One that can't be renewed changes no verdict: the next poll says
 * whether another run took over.
 */
export async function holdMarker(progress: Progress, { workload, io }: Holder): Promise<void> {
  const now = io.clock.now();
  if (!workload.marker || progress.entry.mark === null || msToRenewal(progress, now) > 0) return;
  const next = now + MARKER_HOLDS_MS;
  // One that failed is tried again half a minute later.
  progress.markedUntil = now + MARKER_HOLDS_MS / 2 + RETRY_MS;
  if (await tryRenew(progress, { workload, io }, next)) progress.markedUntil = next;
}

function msToRenewal({ markedUntil }: Progress, now: number): number {
  return markedUntil === null ? Number.POSITIVE_INFINITY : markedUntil - MARKER_HOLDS_MS / 2 - now;
}

/**
 * Renews our marker as long as `work` takes, which polls nothing and changes nothing in the cloud, as smoke tests do.
 * A marker that holds until they must be over would keep the next run waiting for as long if the runner is lost.
 * @throws what `work` throws
 */
export async function holdMarkerDuring<T>(progress: Progress, rollout: Rollout, work: () => Promise<T>): Promise<T> {
  const { workload, io, signal } = rollout;
  await holdMarker(progress, rollout);
  if (!workload.marker || progress.markedUntil === null) return await work();
  const over = new AbortController();
  const renewing = renewUntil(AbortSignal.any([over.signal, signal]), progress, rollout);
  try {
    return await work();
  } finally {
    over.abort();
    // What follows changes the workload too. A cancel leaves seconds, so there it only has to be known.
    if (!signal.aborted) await renewing;
    else if (!(await settlesWithin(renewing, CANCELLED_MS, io.clock))) progress.unanswered.at = io.clock.now();
  }
}

async function renewUntil(signal: AbortSignal, progress: Progress, rollout: Rollout): Promise<void> {
  const { clock } = rollout.io;
  for (;;) {
    try {
      await clock.sleep(Math.max(0, msToRenewal(progress, clock.now())), signal);
    } catch {
      return;
    }
    await holdMarker(progress, rollout);
  }
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
const CANCELLED_MS = 1_000;
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
