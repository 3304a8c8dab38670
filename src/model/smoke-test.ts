import type { FileLine } from './errors.ts';

/** What text has to be. null: not checked. */
export interface ContentExpectation {
  readonly contains: string | null;
  /** A regular expression that has to be found in it. */
  readonly matches: string | null;
  /** Text that must not be in it. */
  readonly not: string | null;
  /** A JSON value that has to be part of it: objects by key, arrays by position or `[*]`, the rest by equality. */
  readonly json: unknown;
}

/** What a response has to be. The content is its body. */
export interface Expectation extends ContentExpectation {
  /** Default: any status from 200 to 299. */
  readonly status: number | null;
  /** Header name (lower case) -> text that its value has to contain. */
  readonly headers: ReadonlyMap<string, string>;
  /** Longest time from the first byte sent to the last byte received, in milliseconds. */
  readonly withinMs: number | null;
}

/** Of a file that a request sends: 64 MiB. */
export const MOST_UPLOAD_BYTES = 64 * 1024 * 1024;

export type RequestBody =
  | { readonly kind: 'none' }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'json'; readonly value: unknown }
  /** A file as it is. */
  | { readonly kind: 'raw'; readonly path: string }
  /** Sent as multipart/form-data in the field `field`. */
  | { readonly kind: 'file'; readonly path: string; readonly field: string };

export type Networks = 'any' | 'public';

interface Repetition {
  /** Where it is written, if in a file of the repository. */
  readonly at?: FileLine;
  /** Passes in a row that it takes. */
  readonly passes: number;
  /** How long failures are tried again (cold start), in milliseconds. */
  readonly retryForMs: number;
}

interface Anywhere extends Repetition {
  /** It runs in the workload's own network. Absent: on the runner. */
  readonly inside?: InsideRun;
}

interface OnRunner extends Repetition {
  readonly inside?: never;
}

export interface InsideRun {
  /** What it runs in. null: for a request a program of our choice, for a command the image of the workload. */
  readonly image: string | null;
}

export interface HttpSmokeTest extends Anywhere {
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
  /** True: by HTTP/2 only. False: by HTTP/1.1, and by HTTP/2 where the server takes nothing else. */
  readonly isHttp2: boolean;
  /** Where it may go, with its redirects. `public`: to no private address. */
  readonly networks: Networks;
}

/** Asks the standard health service of gRPC: https://github.com/grpc/grpc/blob/master/doc/health-checking.md */
export interface GrpcSmokeTest extends OnRunner {
  readonly kind: 'grpc';
  /** `grpc: health acme.Agent`. */
  readonly name: string;
  /** `/` for the base URL, or a full URL without a path. */
  readonly location: string;
  /** '' stands for the server as a whole. */
  readonly service: string;
  /** Its metadata. */
  readonly headers: ReadonlyMap<string, string>;
  /** Longest time for the whole call, in milliseconds; null: not checked. */
  readonly withinMs: number | null;
  readonly networks: Networks;
}

/** Opens a WebSocket, sends a message, and waits for the first that is as expected. */
export interface WebSocketSmokeTest extends OnRunner {
  readonly kind: 'websocket';
  /** `websocket: /chat`. */
  readonly name: string;
  /** A path below the base URL, or a full http or https URL. */
  readonly location: string;
  readonly headers: ReadonlyMap<string, string>;
  /** The subprotocol that is asked for; null: none. */
  readonly protocol: string | null;
  /** null: nothing is sent. */
  readonly message: string | null;
  /** Of one message. */
  readonly expect: ContentExpectation;
  /** Longest time from the handshake to that message, in milliseconds; null: not checked. */
  readonly withinMs: number | null;
  readonly networks: Networks;
}

export interface CommandSmokeTest extends Anywhere {
  readonly kind: 'command';
  readonly name: string;
  /** Run by `bash -eo pipefail` from a file, as GitHub runs a step. */
  readonly script: string;
  readonly timeoutMs: number;
  /** Names of variables that it gets beside the usual ones; `PREFIX_*` stands for all that begin so. */
  readonly passedVariables: readonly string[];
}

export type SmokeTest = HttpSmokeTest | GrpcSmokeTest | WebSocketSmokeTest | CommandSmokeTest;

/** Of those that can run in the workload's own network. */
export type PortableSmokeTest = HttpSmokeTest | CommandSmokeTest;

/** Does it need the base URL? */
export function isBelowBaseUrl(test: SmokeTest): boolean {
  return test.kind !== 'command' && test.location.startsWith('/');
}

export interface SmokeTestResult {
  readonly name: string;
  readonly passed: boolean;
  readonly attempts: number;
  readonly durationMs: number;
  /** What was seen: `200 in 41 ms`, or why it failed: `expected status 200, got 503: "…"`. Foreign text, cut short. */
  readonly detail: string;
  /** It failed, but not by what it tests: the platform would not run it. */
  readonly couldNotRun?: boolean;
}
