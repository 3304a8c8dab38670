import type { Endpoint } from '../../model/endpoint.ts';

/** What an attempt over a protocol of its own needs. */
export interface ChannelContext {
  readonly endpoint: Endpoint | null;
  /** When everything has to be done, in milliseconds since 1970. */
  readonly deadline: number;
  readonly signal: AbortSignal;
}

const TIMEOUT_MS = 30_000;
const GRACE_AFTER_WITHIN_MS = 1_000;

/** How long one attempt may take, in milliseconds: a little more than what is expected, so that it can be told how long it took. */
export function limitOf({ withinMs }: { readonly withinMs: number | null }, deadline: number, now: number): number {
  const limitMs = withinMs === null ? TIMEOUT_MS : withinMs + GRACE_AFTER_WITHIN_MS;
  return Math.max(1, Math.min(limitMs, deadline - now));
}
