import { DeployError, type ErrorCode } from './errors.ts';
import { redact } from './redact.ts';

/** One request, in words, for the error that it may end in. */
export interface Call {
  /** Completes "could not …": `update service agent`. */
  readonly what: string;
  /** Of a request that may be aborted: its reason is thrown then. */
  readonly signal?: AbortSignal;
  /** Values that were sent and that a message could quote. */
  readonly secrets?: readonly string[];
}

/** What an error means to a person. */
export interface Verdict {
  readonly code: ErrorCode;
  readonly hint: string;
}

/** Sends one request. @throws DeployError as `explain` reads what was thrown, or the signal's reason. */
export async function sendOrExplain<T>(
  call: Call,
  send: () => Promise<T>,
  explain: (error: unknown) => DeployError,
): Promise<T> {
  try {
    return await send();
  } catch (error) {
    if (call.signal?.aborted) throw call.signal.reason;
    throw error instanceof DeployError ? error : explain(error);
  }
}

const SHORTEST_SECRET = 4;
const LONGEST_LINE = 400;

/** The first line of a message, without the call's secrets and without what looks like a token; '' for none. */
export function quoteLine(message: string, { secrets = [] }: Call, token: RegExp): string {
  // Before the first line is taken: a value of several lines would be found no more. A very short one would black out
  // ordinary words.
  const long = secrets.filter((secret) => secret.length >= SHORTEST_SECRET);
  const [line = ''] = redact(message, long).replace(token, '***').split('\n');
  return line.slice(0, LONGEST_LINE);
}
