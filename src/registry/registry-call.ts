import type { BodyWriter } from '../io/http.ts';

export interface RegistryCall {
  /** Completes "could not …": `push manifest v1 to ghcr.io/acme/agent`. */
  readonly what: string;
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH';
  readonly registry: string;
  /** Below `/v2/`, or a full URL that the registry named. */
  readonly target: string | URL;
  /** The one for pushing first: some registries read the first only. */
  readonly scopes: readonly string[];
  /** Statuses that are an answer; any other is an error. */
  readonly expect: readonly number[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | BodyWriter;
  /** How long it may take, as far as can be said: its token has to last so long. */
  readonly lastsMs?: number;
  /** True: it is a part of another call, which waits for it. */
  readonly isWithin?: boolean;
  /** All in all, of what may pass by itself; default 5, and 1 where the body is written. */
  readonly tries?: number;
  /** Longest silence, in milliseconds; default 60 s. */
  readonly timeoutMs?: number;
  /** Beside the client's own. */
  readonly signal?: AbortSignal;
}
