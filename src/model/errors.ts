/** A place in a file of the repository. */
export interface FileLine {
  /** From the root of the repository. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

/** Why a run ended without success. A closed list: docs/troubleshooting.md has one row for each, and a test sees to it. */
export const ERROR_CODES = [
  'INPUT_INVALID',
  'AUTH_FAILED',
  'PERMISSION_DENIED',
  'NOT_FOUND',
  'NETWORK',
  'THROTTLED',
  'IMAGE_NOT_FOUND',
  'IMAGE_INVALID',
  'IMAGE_UNVERIFIED',
  'TAG_IMMUTABLE',
  'REGISTRY_FAILED',
  'BUSY',
  'UNSUPPORTED',
  'UNTRUSTED_EVENT',
  'OLDER_COMMIT',
  'DEPLOY_REJECTED',
  'DEPLOY_FAILED',
  'ROLLED_BACK_BY_PLATFORM',
  'SUPERSEDED',
  'SMOKE_TEST_FAILED',
  'TIMEOUT',
  'CANCELLED',
  'INTERRUPTED',
  'JOURNAL_INVALID',
  'ROLLBACK_FAILED',
  'UNEXPECTED',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

export interface DeployErrorOptions {
  readonly cause?: unknown;
  /** The next step, in the imperative: `add <permission> to the role`. Left out only where the cause has one. */
  readonly hint?: string;
  /** True: nothing but a change by people can help, whatever the code is. */
  readonly isLasting?: boolean;
  /** Where in a text that a user wrote it is wrong; from 1. */
  readonly line?: number;
  /** Where that text is, if it is a file of the repository. */
  readonly at?: FileLine | null;
}

/**
 * A failure that a person can act on.
 * The message has the form `could not <verb> <object>: <what came back>`; it never holds a secret.
 */
export class DeployError extends Error {
  override readonly name = 'DeployError';
  readonly code: ErrorCode;
  readonly hint: string | null;
  readonly isLasting: boolean;
  readonly line: number | null;
  readonly at: FileLine | null;

  constructor(code: ErrorCode, message: string, options: DeployErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.code = code;
    this.isLasting = options.isLasting ?? false;
    this.line = options.line ?? null;
    this.at = options.at ?? null;
    this.hint = options.hint ?? hintOf(options.cause);
  }
}

/** A failure as plain data: small enough for the journal, safe enough for the report. */
export interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string | null;
  /** Where in the user's files; absent: in none. */
  readonly at?: FileLine;
}

/** The one place where something thrown becomes text. Unknown errors keep their first line only. */
export function describeError(error: unknown): Failure {
  if (error instanceof DeployError) {
    const { code, message, hint, at } = error;
    return { code, message, hint, ...(at ? { at } : {}) };
  }
  const message = error instanceof Error ? error.message : String(error);
  return {
    code: 'UNEXPECTED',
    message: `unexpected error: ${message.split('\n')[0]}`,
    hint: 'This is a bug in deploy-agent: run again with debug logging and open an issue with the log.',
  };
}

/** A failure that may pass by itself: worth another try while there is time. */
export function isTransient(error: unknown): boolean {
  return error instanceof DeployError && !error.isLasting && (error.code === 'NETWORK' || error.code === 'THROTTLED');
}

function hintOf(cause: unknown): string | null {
  return cause instanceof DeployError ? cause.hint : null;
}
