import * as z from 'zod';
import type { Files } from '../io/files.ts';
import type { Io } from '../io/io.ts';
import type { Log } from '../io/log.ts';
import { RUN } from '../io/own-state.ts';
import { DeployError, describeError, ERROR_CODES, type Failure } from '../model/errors.ts';
import { mapFailure, mapTexts } from '../model/map-texts.ts';
import { OUTCOME_KINDS, type OutcomeKind, type UnfinishedRollback } from '../model/outcome.ts';
import type { ChangeMark, RestorePoint } from '../model/restore-point.ts';

/**
 * Where a run is. Written before the step that it announces, so that whoever finds the last entry knows the most that
 * can have happened:
 * `open` nothing was sent that can go live · `sending` our change may be live, its mark is known ·
 * `rolling-back` the rollback has begun · `closed` nothing is left to do, the outcome is known.
 */
export type JournalPhase = 'open' | 'sending' | 'rolling-back' | 'closed';

/** Plain JSON. References only, no secret. */
export interface JournalEntry {
  readonly version: 1;
  readonly phase: JournalPhase;
  /** `repository@sha256:…` that is being deployed; null: the change names none. */
  readonly image: string | null;
  readonly point: RestorePoint;
  readonly mark: ChangeMark | null;
  readonly failure: Failure | null;
  readonly outcome: OutcomeKind | null;
  /** Of a `closed` entry: what the reader should know of the outcome, which main may be killed before it says. */
  readonly notes?: readonly string[] | undefined;
  /** Of a `closed` entry: why the rollback did not end well, and the command that repairs it; null: it did. */
  readonly rollback?: UnfinishedRollback | null | undefined;
}

export interface Journal {
  /** Durable when it returns. */
  write(entry: JournalEntry): void;
  /** null: nothing was ever written. @throws DeployError JOURNAL_INVALID: never "nothing to do". */
  read(): JournalEntry | null;
}

const NAME = 'journal';
/**
 * The runner hands it to post as one environment variable, whose limit is 128 kB on Linux and 32 kB on Windows (measured);
 * what is larger goes to a file of the job, and the variable names it.
 */
const MAX_STATE_BYTES = 16_000;
const MAX_MESSAGE_CHARACTERS = 600;

export function openJournal({ state, files, log }: Pick<Io, 'state' | 'files' | 'log'>): Journal {
  return {
    write(entry) {
      const text = JSON.stringify({ ...withoutValues(entry, log), owner: state.read(RUN) });
      const isLarge = Buffer.byteLength(text) > MAX_STATE_BYTES;
      state.save(NAME, isLarge ? JSON.stringify({ stored: files.storePrivately(NAME, text) }) : text);
    },
    read() {
      const text = state.read(NAME);
      if (text === '') return null;
      try {
        return parseEntry(text, files, state.read(RUN));
      } catch (error) {
        throw unreadable(error);
      }
    },
  };
}

/** For entries after the last request: one that can't be written must not change the verdict. */
export function tryToJournal(journal: Journal, entry: JournalEntry, io: { readonly log: Log }): void {
  try {
    journal.write(entry);
  } catch (error) {
    io.log.warning(`could not write the journal: ${describeError(error).message}`);
  }
}

const failureSchema = z.object({ code: z.enum(ERROR_CODES), message: z.string(), hint: z.string().nullable() });

const documentSchema = z.object({
  version: z.literal(1),
  phase: z.enum(['open', 'sending', 'rolling-back', 'closed']),
  image: z.string().nullable(),
  point: z.object({
    resource: z.string(),
    revision: z.string().nullable(),
    data: z.record(z.string(), z.json()),
    run: z.object({ id: z.string(), name: z.string(), since: z.number() }).optional(),
  }),
  mark: z.string().nullable(),
  failure: failureSchema.nullable(),
  outcome: z.enum(OUTCOME_KINDS).nullable(),
  notes: z.array(z.string()).readonly().optional(),
  rollback: z.object({ failure: failureSchema, command: z.string() }).nullable().optional(),
});

// Without the mark, a change that is live could not be told from one that never arrived.
const entrySchema = documentSchema.refine(({ phase, mark }) => mark !== null || phase === 'open' || phase === 'closed');

const storedSchema = z.object({ stored: z.object({ path: z.string(), sha256: z.string() }) });

const ownerSchema = z.object({ owner: z.string() });

function parseEntry(text: string, files: Files, run: string): JournalEntry {
  const here: unknown = JSON.parse(text);
  const elsewhere = storedSchema.safeParse(here);
  const document: unknown = elsewhere.success ? JSON.parse(files.readStored(elsewhere.data.stored)) : here;
  const { owner } = ownerSchema.parse(document);
  if (owner === run) return entrySchema.parse(document);
  throw new DeployError('JOURNAL_INVALID', 'could not take it for that of this run', {
    hint: 'Look for an earlier step of the job that sets STATE_ variables.',
  });
}

function unreadable(cause: unknown): DeployError {
  const why = cause instanceof DeployError ? `: ${cause.message}` : '';
  return new DeployError('JOURNAL_INVALID', `could not read the journal that the main step left${why}`, {
    hint: 'Check what is live and repair it by hand: this run may have left a half-finished deployment.',
    cause,
  });
}

/** What a person reads of an entry, without values. The command of a rollback has names only. */
function withoutValues({ failure, notes, rollback, ...entry }: JournalEntry, { redact }: Log): JournalEntry {
  return {
    ...entry,
    failure: failure && shorten(mapFailure(failure, redact)),
    ...(notes ? { notes: mapTexts(notes, redact) } : {}),
    ...(rollback === undefined
      ? {}
      : { rollback: rollback && { ...rollback, failure: mapFailure(rollback.failure, redact) } }),
  };
}

function shorten(failure: Failure): Failure {
  if (failure.message.length <= MAX_MESSAGE_CHARACTERS) return failure;
  return { ...failure, message: `${failure.message.slice(0, MAX_MESSAGE_CHARACTERS)}…` };
}
