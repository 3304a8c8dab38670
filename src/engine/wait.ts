import type { Io } from '../io/io.ts';
import { formatDuration } from '../model/duration.ts';
import { DeployError, describeError, isTransient } from '../model/errors.ts';
import type { Observation } from '../model/workload.ts';
import { startPace } from './pace.ts';

/** One look at what is waited for. Fetch decides what; wait decides when. */
export type Look<T> =
  | { readonly done: true; readonly value: T }
  | ({ readonly done: false } & Pick<Observation, 'message' | 'notes' | 'nearEnd'>);

export interface Wait {
  /** Completes "waiting for …". */
  readonly what: string;
  /** Milliseconds since 1970; the last look is taken just before it. */
  readonly deadline: number;
  /** When it will be done, where that is known: a sign of life counts down to this instead of the deadline. */
  readonly doneAt?: number;
  readonly signal: AbortSignal;
  /** Until the next look; default: a second at first, five later. */
  readonly pauseMs?: (found: Pick<Observation, 'nearEnd'>) => number;
}

const HEARTBEAT_MS = 30_000;

/**
 * Looks until it is done: every second at first, every five later. Prints what changed, and a sign of life.
 * A transient error counts as "not yet".
 * @throws DeployError TIMEOUT with what was seen last; the signal's reason; or whatever else `look` throws.
 */
export async function waitFor<T>(look: () => Promise<Look<T>>, wait: Wait, io: Io): Promise<T> {
  const startedAt = io.clock.now();
  const print = printerOfChanges(wait, io);
  const nextPause = wait.pauseMs ?? startPace();
  for (;;) {
    wait.signal.throwIfAborted();
    const found = await tryLook(look);
    if (found.done) return found.value;
    print(found);
    const leftMs = wait.deadline - io.clock.now();
    if (leftMs <= 0) throw timedOut(wait, found.message, io.clock.now() - startedAt);
    await io.clock.sleep(Math.min(nextPause(found), leftMs), wait.signal);
  }
}

async function tryLook<T>(look: () => Promise<Look<T>>): Promise<Look<T>> {
  try {
    return await look();
  } catch (error) {
    if (!isTransient(error)) throw error;
    return { done: false, message: `${describeError(error).message} (looking again)` };
  }
}

function printerOfChanges(wait: Wait, io: Io): (look: { message: string; notes?: readonly string[] }) => void {
  const printedNotes = new Set<string>();
  let lastMessage = '';
  let lastPrintedAt = io.clock.now();
  return ({ message, notes = [] }) => {
    const news = notes.filter((note) => !printedNotes.has(note));
    for (const note of news) printedNotes.add(note);
    if (news.length > 0) io.log.foreign(news);
    const silentMs = io.clock.now() - lastPrintedAt;
    if (message === lastMessage && silentMs < HEARTBEAT_MS) return;
    const left = formatDuration(Math.max(0, (wait.doneAt ?? wait.deadline) - io.clock.now()));
    io.log.info(message === lastMessage ? `still waiting for ${wait.what}: ${message} (${left} left)` : message);
    lastMessage = message;
    lastPrintedAt = io.clock.now();
  };
}

function timedOut(wait: Wait, lastSeen: string, waitedMs: number): DeployError {
  const message = `could not wait any longer than ${formatDuration(waitedMs)} for ${wait.what}: last seen: ${lastSeen}`;
  return new DeployError('TIMEOUT', message, {
    hint: 'If this is normal for the service, give it more time with `timeout`.',
  });
}
