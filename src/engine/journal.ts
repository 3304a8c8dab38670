import * as z from 'zod';
import type { State } from '../io/state.ts';
import { DeployError, type ErrorCode, type Failure } from '../model/errors.ts';
import type { OutcomeKind } from '../model/outcome.ts';
import type { ChangeMark, RestorePoint } from '../model/workload.ts';

/**
 * Where a run is. Written before the step that it announces, so that whoever finds the last entry knows the most that
 * can have happened:
 * `open` nothing was sent that can go live · `sending` our change may be live, its mark is known ·
 * `reverting` the way back has begun · `closed` nothing is left to do, the outcome is known.
 */
export type JournalPhase = 'open' | 'sending' | 'reverting' | 'closed';

/** Plain JSON under 4 kB: the runner hands it to post as one environment variable. References only, no secret. */
export interface JournalEntry {
  readonly version: 1;
  readonly phase: JournalPhase;
  /** `repository@sha256:…` that is being deployed. */
  readonly image: string;
  readonly point: RestorePoint;
  readonly mark: ChangeMark | null;
  readonly failure: Failure | null;
  readonly outcome: OutcomeKind | null;
}

export interface Journal {
  /** Durable when it returns. */
  write(entry: JournalEntry): void;
  /** null: nothing was ever written. @throws DeployError JOURNAL_INVALID: never "nothing to do". */
  read(): JournalEntry | null;
}

const NAME = 'journal';
const MAX_BYTES = 4_000;
const MAX_MESSAGE_CHARACTERS = 600;

export function openJournal(state: State): Journal {
  return {
    write(entry) {
      const text = JSON.stringify({ ...entry, failure: shorten(entry.failure) });
      if (Buffer.byteLength(text) > MAX_BYTES) {
        throw new DeployError(
          'UNEXPECTED',
          `could not write the journal: ${Buffer.byteLength(text)} bytes is too long`,
          { hint: 'This is a bug in deploy-agent: open an issue with the log. Nothing was sent that goes live.' },
        );
      }
      state.save(NAME, text);
    },
    read() {
      const text = state.read(NAME);
      return text === '' ? null : parseEntry(text);
    },
  };
}

const entrySchema = z.object({
  version: z.literal(1),
  phase: z.enum(['open', 'sending', 'reverting', 'closed']),
  image: z.string(),
  point: z.object({
    resource: z.string(),
    revision: z.string(),
    data: z.record(z.string(), z.union([z.string(), z.number(), z.null()])),
  }),
  mark: z.string().nullable(),
  failure: z.object({ code: z.string(), message: z.string(), hint: z.string().nullable() }).nullable(),
  outcome: z.string().nullable(),
});

function parseEntry(text: string): JournalEntry {
  try {
    const entry = entrySchema.parse(JSON.parse(text));
    const failure = entry.failure && { ...entry.failure, code: entry.failure.code as ErrorCode };
    return { ...entry, failure, outcome: entry.outcome as OutcomeKind | null };
  } catch (error) {
    throw new DeployError('JOURNAL_INVALID', 'could not read the journal that the main step left', {
      hint: 'Look at what is live and put it right by hand: this run may have left a half-finished deployment.',
      cause: error,
    });
  }
}

function shorten(failure: Failure | null): Failure | null {
  if (!failure || failure.message.length <= MAX_MESSAGE_CHARACTERS) return failure;
  return { ...failure, message: `${failure.message.slice(0, MAX_MESSAGE_CHARACTERS)}…` };
}
