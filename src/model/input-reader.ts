/**
 * Reads the inputs of a step. A bad value is noted and a harmless one returned, so that one run reports every problem;
 * whoever reads has to read all inputs before anything is done with one.
 */
export interface InputReader {
  /** Trimmed; '' where it was not given. */
  text(name: string): string;
  /** As `text`; noted as a problem where it was not given. `purpose` completes "expected …": `the name of the service`. */
  required(name: string, purpose: string): string;
  boolean(name: string, fallback: boolean): boolean;
  /** `90s`, `15m`, `1h30m` -> milliseconds. */
  duration(name: string, fallback: string): number;
  choice<T extends string, F extends T | null = T>(name: string, choices: readonly T[], fallback: F): T | F;
  /** Notes a problem with an input in the reader's one form. `given` null: the value is empty. */
  problem(
    name: string,
    problem: { readonly given: string | null; readonly expected: string; readonly next?: string },
  ): void;
}
