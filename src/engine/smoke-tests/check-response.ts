import type { IncomingHttpHeaders } from 'node:http';
import { formatDuration } from '../../model/duration.ts';
import { tryParseJson } from '../../model/json.ts';
import type { Expectation } from '../../model/smoke-test.ts';
import type { Attempt } from './attempt.ts';
import { excerpt } from './excerpt.ts';
import { findJsonMismatch } from './json-mismatch.ts';

export interface SeenResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The start of it: at most 1 MiB. */
  readonly body: string;
  readonly bodyIsWhole: boolean;
  /** From the first byte sent to the last byte received. */
  readonly durationMs: number;
  /** Values that must not be quoted. */
  readonly secrets: readonly string[];
}

interface Failure {
  readonly reason: string;
  readonly detail: string;
}

/** Compares in the order in which people think: status, headers, content, time. */
export function checkResponse(seen: SeenResponse, expected: Expectation): Attempt {
  const failure =
    checkStatus(seen, expected.status) ??
    checkHeaders(seen, expected.headers) ??
    checkContains(seen, expected.contains) ??
    checkJson(seen, expected.json) ??
    checkWithin(seen, expected.withinMs);
  if (failure) return { passed: false, final: false, ...failure };
  const detail = `${seen.status} in ${formatDuration(seen.durationMs)}`;
  return { passed: true, final: false, reason: 'passed', detail };
}

function checkStatus(seen: SeenResponse, expected: number | null): Failure | null {
  const isRight = expected === null ? seen.status >= 200 && seen.status <= 299 : seen.status === expected;
  if (isRight) return null;
  const reason = `expected ${expected === null ? 'a status from 200 to 299' : `status ${expected}`}, got ${seen.status}`;
  return { reason, detail: `${reason}${quoteBody(seen)}` };
}

function quoteBody({ body, secrets }: SeenResponse): string {
  return body.trim() === '' ? ' with an empty body' : `: ${excerpt(body, secrets)}`;
}

function checkHeaders(seen: SeenResponse, expected: ReadonlyMap<string, string>): Failure | null {
  for (const [name, part] of expected) {
    const value = Object.hasOwn(seen.headers, name) ? seen.headers[name] : undefined;
    const text = Array.isArray(value) ? value.join(', ') : value;
    if (text?.includes(part)) continue;
    const reason = `expected header ${name} with ${excerpt(part, [])}`;
    return { reason, detail: `${reason}, got ${text === undefined ? 'no such header' : excerpt(text, seen.secrets)}` };
  }
  return null;
}

function checkContains(seen: SeenResponse, expected: string | null): Failure | null {
  if (expected === null || seen.body.includes(expected)) return null;
  const where = seen.bodyIsWhole ? 'the body' : 'the first 1 MiB of the body';
  const reason = `expected ${where} to contain ${excerpt(expected, [])}`;
  const got = seen.body.trim() === '' ? 'an empty body' : excerpt(seen.body, seen.secrets);
  return { reason, detail: `${reason}, got ${got}` };
}

function checkJson(seen: SeenResponse, expected: unknown): Failure | null {
  if (expected === null || expected === undefined) return null;
  if (!seen.bodyIsWhole) {
    const reason = 'expected JSON of at most 1 MiB, got a longer body';
    return { reason, detail: reason };
  }
  const actual = tryParseJson(seen.body);
  if (actual === undefined) {
    const reason = 'expected JSON';
    return {
      reason,
      detail: `${reason}, got ${seen.body.trim() === '' ? 'an empty body' : excerpt(seen.body, seen.secrets)}`,
    };
  }
  const mismatch = findJsonMismatch(expected, actual, { path: '$', secrets: seen.secrets });
  return mismatch === null ? null : { reason: mismatch, detail: mismatch };
}

function checkWithin(seen: SeenResponse, withinMs: number | null): Failure | null {
  if (withinMs === null || seen.durationMs <= withinMs) return null;
  const reason = `expected the whole response within ${formatDuration(withinMs)}`;
  return { reason, detail: `${reason}, it took ${formatDuration(seen.durationMs)}` };
}
