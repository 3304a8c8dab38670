import { DeployError, type ErrorCode } from './errors.ts';
import { redact } from './redact.ts';
import { explainWrongAnswer, WrongAnswer } from './wrong-answer.ts';

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

/** What a client threw, as far as it is shown. */
export interface Thrown {
  /** The platform's own word for it: `ConflictException`; else what the client calls it. */
  readonly word: string;
  /** '': none. */
  readonly message: string;
}

/** How to read what one platform's clients throw. All of it is pure. */
export interface ErrorReader<C extends Call, T extends Thrown> {
  readonly read: (error: unknown) => T;
  readonly classify: (thrown: T, call: C) => Verdict;
  /**
   * Said in place of the platform's words where a permission is missing: `the role lacks <permission>`. null: its words say it,
   * as what refuses is no role.
   */
  readonly describeDenied: (thrown: T, call: C) => string | null;
  /** What looks like a token, anywhere in a message. */
  readonly token: RegExp;
}

export interface ErrorExplainer<C extends Call> {
  /** Sends one request. @throws DeployError with what the platform said, or the signal's reason */
  explainErrors<R>(this: void, call: C, send: () => Promise<R>): Promise<R>;
  /** What a client threw -> what a person can act on. Keeps its words, never the request or the response. */
  toDeployError(this: void, error: unknown, call: C): DeployError;
  /** The platform's own word for what was explained; null: it did not come from there. */
  findWord(this: void, error: unknown): string | null;
}

export function openErrorExplainer<C extends Call, T extends Thrown>(reader: ErrorReader<C, T>): ErrorExplainer<C> {
  const words = new WeakMap<DeployError, string>();
  const toDeployError = (error: unknown, call: C): DeployError => {
    const thrown = reader.read(error);
    const { code, hint } = reader.classify(thrown, call);
    const quoted = `${thrown.word}: ${quoteLine(thrown.message, call, reader.token) || 'no message'}`;
    const said = (code === 'PERMISSION_DENIED' ? reader.describeDenied(thrown, call) : null) ?? quoted;
    // A client's own error carries request and response with their headers: it must not reach a log.
    const explained = new DeployError(code, `could not ${call.what}: ${said}`, { hint, cause: new Error(quoted) });
    words.set(explained, thrown.word);
    return explained;
  };
  return {
    toDeployError,
    async explainErrors(call, send) {
      try {
        return await send();
      } catch (error) {
        if (call.signal?.aborted) throw call.signal.reason;
        const explained = findCause(error, DeployError);
        if (explained) throw explained;
        const wrong = findCause(error, WrongAnswer);
        throw wrong ? explainWrongAnswer(wrong, call.what) : toDeployError(error, call);
      }
    },
    findWord: (error) => (error instanceof DeployError ? (words.get(error) ?? null) : null),
  };
}

const DEEPEST_CAUSE = 5;

/** What our own transport or login threw, which a client may have wrapped. */
function findCause<E extends Error>(error: unknown, kind: abstract new (...given: never[]) => E): E | null {
  for (let cause = error, depth = 0; cause instanceof Error && depth < DEEPEST_CAUSE; cause = cause.cause, depth += 1) {
    if (cause instanceof kind) return cause;
  }
  return null;
}

const SHORTEST_SECRET = 4;
const LONGEST_LINE = 400;

/** The first line of a message, without the call's secrets and without what looks like a token; '' for none. */
function quoteLine(message: string, { secrets = [] }: Call, token: RegExp): string {
  // Before the first line is taken: a value of several lines would be found no more. A very short one would black out
  // ordinary words.
  const long = secrets.filter((secret) => secret.length >= SHORTEST_SECRET);
  const [line = ''] = redact(message, long).replace(token, '***').split('\n');
  return line.slice(0, LONGEST_LINE);
}

const CONNECTION_FAILURE = /^(?:E[A-Z_]{3,}|ERR_\w+|CERT_\w+|DEPTH_ZERO\w*|SELF_SIGNED\w*|UNABLE_TO_\w+|TimeoutError)$/;

/** Is it a code of Node for a connection that failed: `ECONNRESET`, `CERT_HAS_EXPIRED`? */
export function isConnectionFailure(code: string): boolean {
  return CONNECTION_FAILURE.test(code);
}
