import { DeployError, type ErrorCode } from '../model/errors.ts';
import { joinSentences } from '../model/sentences.ts';
import type { Log } from './log.ts';

export interface OptionalRead {
  /** With which failures to go on; `any`: with each that can be explained, but a cancel. */
  readonly without: readonly ErrorCode[] | 'any';
  /** Gets the failure: nothing is left out silently. */
  readonly tell: (error: DeployError) => void;
}

/**
 * Reads what only helps. null: it could not be read, which `tell` was told.
 * @throws what is not among the failures to go on with: a cancel, and what is not a DeployError, always
 */
export async function readOptional<T>(read: () => Promise<T>, { without, tell }: OptionalRead): Promise<T | null> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof DeployError) || error.code === 'CANCELLED') throw error;
    if (without !== 'any' && !without.includes(error.code)) throw error;
    tell(error);
    return null;
  }
}

/** Who reads, and what was already warned about in this run. */
export interface OptionalReader {
  readonly io: { readonly log: Log };
  readonly warned: Set<string>;
}

/**
 * null: the permission is missing; one warning names it.
 * @param loss completes "continuing without …": `the targets’ health`
 */
export function readIfAllowed<T>(
  { io, warned }: OptionalReader,
  loss: string,
  read: () => Promise<T>,
): Promise<T | null> {
  const tell = (error: DeployError): void => {
    if (!warned.has(loss)) io.log.warning(joinSentences(`${error.message}; continuing without ${loss}`, error.hint));
    warned.add(loss);
  };
  return readOptional(read, { without: ['PERMISSION_DENIED'], tell });
}

/** null: it is not there. That is an answer, of which nothing has to be told. */
export function readIfThere<T>(read: () => Promise<T>): Promise<T | null> {
  return readOptional(read, { without: ['NOT_FOUND'], tell: () => {} });
}

/** For what is not needed: any failure goes to the debug log. */
export function readIfPossible<T>(log: Log, loss: string, read: () => Promise<T>): Promise<T | null> {
  const tell = ({ message }: DeployError): void => log.debug(`${message}; continuing without ${loss}`);
  return readOptional(read, { without: 'any', tell });
}

/** A failure to go on with, as one line of a report: what failed and what to do. */
export function describeGap({ message, hint }: DeployError): string {
  return joinSentences(message, hint);
}
