/** What a response has to be. Absent: not checked. */
export interface Expectation {
  /** Default: any status from 200 to 299. */
  readonly status: number | null;
  /** Header name (lower case) -> text that its value has to contain. */
  readonly headers: ReadonlyMap<string, string>;
  readonly contains: string | null;
  /** A JSON value that has to be part of the body: objects by key, arrays by position, the rest by equality. */
  readonly json: unknown;
  /** Longest time from the first byte sent to the last byte received, in milliseconds. */
  readonly withinMs: number | null;
}

export type RequestBody =
  | { readonly kind: 'none' }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'json'; readonly value: unknown }
  /** Sent as multipart/form-data in the field `field`. */
  | { readonly kind: 'file'; readonly path: string; readonly field: string };

interface Repetition {
  /** Passes in a row that it takes. */
  readonly passes: number;
  /** How long failures are tried again (cold start), in milliseconds. */
  readonly retryForMs: number;
}

export interface HttpSmokeTest extends Repetition {
  readonly kind: 'http';
  /** As written: `GET /health`. */
  readonly name: string;
  readonly method: string;
  /** A path below the base URL, or a full URL. */
  readonly location: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: RequestBody;
  readonly expect: Expectation;
  /** True: redirects to another origin are followed too (without custom headers). */
  readonly followAnywhere: boolean;
}

export interface CommandSmokeTest extends Repetition {
  readonly kind: 'command';
  readonly name: string;
  /** Run by `bash -eo pipefail` from a file, as GitHub runs a step. */
  readonly script: string;
  readonly timeoutMs: number;
}

export type SmokeTest = HttpSmokeTest | CommandSmokeTest;

export interface SmokeTestResult {
  readonly name: string;
  readonly passed: boolean;
  readonly attempts: number;
  readonly durationMs: number;
  /** What was seen: `200 in 41 ms`, or why it failed: `expected status 200, got 503: "…"`. Foreign text, cut short. */
  readonly detail: string;
}
