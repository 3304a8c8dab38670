/** Why an operation failed, as far as the platform tells. All text is foreign: print it through `Log.foreign`. */
export interface Diagnosis {
  /** One sentence: `2 tasks stopped: EssentialContainerExited, exit code 1`; null: the platform sees nothing wrong. */
  readonly cause: string | null;
  readonly hint: string | null;
  /** Events, exit codes, target health: one line each. */
  readonly facts: readonly string[];
  /** The last lines that the container itself printed. */
  readonly logs: readonly { readonly source: string; readonly lines: readonly string[] }[];
}
