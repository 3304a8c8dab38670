/** One try of a smoke test. */
export interface Attempt {
  readonly passed: boolean;
  /** What `detail` says without its changing parts (times, excerpts): a new reason is worth a line in the log. */
  readonly reason: string;
  /** For people, one line; holds foreign text, cut short, without the values that we sent. */
  readonly detail: string;
  /** True: trying again cannot help (a missing file, an address that is refused). */
  readonly final: boolean;
  /** No response came. */
  readonly isUnanswered?: boolean;
  /** The platform would not run it, which says nothing about the revision. */
  readonly couldNotRun?: boolean;
}
