import type { Io } from '../io/io.ts';
import { startPace } from '../io/pace.ts';
import { formatDuration } from '../model/duration.ts';
import { DeployError, describeError, isTransient } from '../model/errors.ts';

/** One reading of what is waited for. What is read says what; `waitFor` says when. */
export type Poll<T> =
  | { readonly done: true; readonly value: T }
  | {
      readonly done: false;
      readonly message: string;
      readonly notes?: readonly string[];
      /** When the next poll is worthwhile, in milliseconds from now. */
      readonly pollAfterMs?: number;
    };

export interface Wait {
  /** Completes "waiting for …". */
  readonly what: string;
  /** Milliseconds since 1970; the last poll is just before it. A function: it may move while it is waited for. */
  readonly deadline: number | (() => number);
  /** When it will be done, where that is known: a heartbeat counts down to this instead of the deadline. */
  readonly doneAt?: number;
  readonly signal: AbortSignal;
  /** The next step when the time is up; default: to give it more with `timeout`. */
  readonly hint?: string;
  /** Whether a failed poll is repeated; default: what is transient. */
  readonly mayPass?: (error: unknown) => boolean;
  /** Until the next poll; default: what the poll says, else a second at first, five later. */
  readonly pauseMs?: () => number;
}

/** `hint`: of a poll that failed. */
type Polled<T> = Poll<T> & { readonly hint?: string | null };

const HEARTBEAT_MS = 60_000;

/**
 * Polls until it is done. Prints what changed, and a heartbeat. A transient error counts as "not yet".
 * @throws DeployError TIMEOUT with the last reading; the signal's reason; or whatever else `poll` throws.
 */
export async function waitFor<T>(poll: () => Promise<Poll<T>>, wait: Wait, io: Io): Promise<T> {
  const startedAt = io.clock.now();
  const print = openChangePrinter(wait, io);
  const nextPause = startPace();
  for (;;) {
    wait.signal.throwIfAborted();
    const found = await tryPoll(poll, wait);
    if (found.done) return found.value;
    print(found);
    const leftMs = deadlineOf(wait) - io.clock.now();
    if (leftMs <= 0) throw timedOut(wait, found, io.clock.now() - startedAt);
    const pauseMs = wait.pauseMs?.() ?? found.pollAfterMs ?? nextPause();
    await io.clock.sleep(Math.min(pauseMs, leftMs), wait.signal);
  }
}

/** Repeats a call that only fails for a reason that may pass. @throws as `waitFor` */
export async function waitForAnswer<T>(call: () => Promise<T>, wait: Wait, io: Io): Promise<T> {
  return await waitFor(async () => ({ done: true, value: await call() }), wait, io);
}

function deadlineOf({ deadline }: Wait): number {
  return typeof deadline === 'function' ? deadline() : deadline;
}

async function tryPoll<T>(poll: () => Promise<Poll<T>>, { mayPass = isTransient }: Wait): Promise<Polled<T>> {
  try {
    return await poll();
  } catch (error) {
    if (!mayPass(error)) throw error;
    const { message, hint } = describeError(error);
    return { done: false, message: `${message} (trying again)`, hint };
  }
}

function openChangePrinter(
  wait: Wait,
  io: Io,
): (reading: { readonly message: string; readonly notes?: readonly string[] }) => void {
  const printedNotes = new Set<string>();
  const startedAt = io.clock.now();
  let lastMessage = '';
  let lastPrintedAt = startedAt;
  return ({ message, notes = [] }) => {
    const news = notes.filter((note) => !printedNotes.has(note));
    for (const note of news) printedNotes.add(note);
    if (news.length > 0) io.log.foreign(news);
    const silentMs = io.clock.now() - lastPrintedAt;
    if (message === lastMessage && silentMs < HEARTBEAT_MS) return;
    const left = formatDuration(Math.max(0, (wait.doneAt ?? deadlineOf(wait)) - io.clock.now()));
    const times = `${formatDuration(io.clock.now() - startedAt)} elapsed, ${left} left`;
    io.log.info(message === lastMessage ? `still waiting for ${wait.what}: ${message} (${times})` : message);
    lastMessage = message;
    lastPrintedAt = io.clock.now();
  };
}

function timedOut(
  wait: Wait,
  last: { readonly message: string; readonly hint?: string | null },
  waitedMs: number,
): DeployError {
  const message = `could not wait any longer than ${formatDuration(waitedMs)} for ${wait.what}: last seen: ${last.message}`;
  const hint = wait.hint ?? last.hint ?? 'If this is normal for the service, give it more time with `timeout`.';
  return new DeployError('TIMEOUT', message, { hint });
}
