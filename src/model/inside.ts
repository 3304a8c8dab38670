import type { Endpoint } from './endpoint.ts';
import { DeployError, type DeployErrorOptions, type ErrorCode } from './errors.ts';
import type { SmokeTest } from './smoke-test.ts';

/**
 * Runs programs in the workload's own network, for smoke tests with `in-cluster: true`. What it starts is ended and removed
 * again, however a call ends. Errors: DeployError; `NotRun` where the program did not run.
 */
export interface Inside {
  /**
   * Would such programs be taken, and may they be started? Starts nothing, and asks before anything is deployed.
   * @throws DeployError PERMISSION_DENIED that names all that is missing; what the platform refuses
   */
  check(programs: readonly Program[]): Promise<void>;
  /** Where the live service answers in that network; null: nowhere. */
  endpoint(): Promise<Endpoint | null>;
  /** Runs it once, to its end. @throws NotRun, or the signal's reason */
  run(program: Program, limits: ProgramLimits): Promise<ProgramEnd>;
  /** Removes what an earlier process of this run left, and what a lost run did. Nothing is sent where nothing is left. */
  clear(): Promise<void>;
}

export interface Program {
  /** What is run it is of, for messages. */
  readonly test: Pick<SmokeTest, 'name'>;
  /** null: that of the main container of what is live. */
  readonly image: string | null;
  readonly command: readonly string[];
  /** Given to it as files below `PROGRAM_FILES`, and to no log and no command line; at most `MAX_FILE_BYTES` together. */
  readonly files: Readonly<Record<string, Buffer>>;
}

/** Folder of a program's files. */
export const PROGRAM_FILES = '/deploy-agent';
/** Of all files of a program: 700 kB, as they are sent in an object of at most 1 MiB. */
export const MAX_FILE_BYTES = 700_000;

export interface ProgramLimits {
  /** From its start, in milliseconds; bringing it to its start has a limit of its own. */
  readonly timeoutMs: number;
  /** When everything has to be done, in milliseconds since 1970. */
  readonly deadline: number;
  readonly signal: AbortSignal;
}

export interface ProgramEnd {
  readonly exitCode: number;
  /** It took longer than `timeoutMs`, and was ended. */
  readonly timedOut: boolean;
  /** What it printed: the end, at most 256 kB. Foreign. */
  readonly output: string;
}

/** It did not run, which says nothing about what was to be tested. */
export class NotRun extends DeployError {
  /** True: trying again cannot help. */
  readonly isFinal: boolean;

  constructor(
    code: ErrorCode,
    message: string,
    { isFinal, ...options }: DeployErrorOptions & { readonly isFinal: boolean },
  ) {
    super(code, message, options);
    this.isFinal = isFinal;
  }
}
