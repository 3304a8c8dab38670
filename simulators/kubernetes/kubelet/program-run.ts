/** What a program did from its start to its end. */
export interface ProgramRun {
  readonly ms: number;
  readonly exitCode: number;
  readonly output: string;
}

/** A file of the container; null: there is none. */
export type ReadFile = (path: string) => string | null;
