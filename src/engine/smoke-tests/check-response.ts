import type { IncomingHttpHeaders } from 'node:http';
import { formatDuration } from '../../model/duration.ts';
import { tryParseExactJson } from '../../model/exact-json.ts';
import type { ContentExpectation, Expectation } from '../../model/smoke-test.ts';
import type { Attempt } from './attempt.ts';
import { asWritten, excerpt, type Hide } from './excerpt.ts';
import { findJsonMismatch } from './json-mismatch.ts';
import { isStream } from './read-start.ts';
import { searchPattern } from './search-pattern.ts';

export interface SeenContent {
  /** The start of it: at most 1 MiB. */
  readonly body: string;
  readonly bodyIsWhole: boolean;
  /** Values that must not be quoted. */
  readonly hide: Hide;
  /** What it is; absent: a body. */
  readonly noun?: string;
}

export interface SeenResponse extends SeenContent {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** From the first byte sent to the last byte received. */
  readonly durationMs: number;
}

export interface Failure {
  readonly reason: string;
  readonly detail: string;
}

/** Compares in the order in which people think: status, headers, content, time. */
export function checkResponse(seen: SeenResponse, expected: Expectation): Attempt {
  const failure =
    checkStatus(seen, expected.status) ??
    checkHeaders(seen, expected.headers) ??
    checkContent(seen, expected) ??
    checkWithin(seen, expected.withinMs);
  if (failure) return { passed: false, final: false, ...failure };
  const detail = `${seen.status} in ${formatDuration(seen.durationMs)}`;
  return { passed: true, final: false, reason: 'passed', detail };
}

/**
 * Of a response whose body did not come to its end: what is wrong already. Of the content only that of a stream counts, which may
 * have no end. null: nothing is.
 */
export function checkStart(seen: SeenResponse, expected: Expectation): Failure | null {
  const failure = checkStatus(seen, expected.status) ?? checkHeaders(seen, expected.headers);
  if (failure || !isStream(seen.headers)) return failure;
  const start = { ...seen, bodyIsWhole: true, noun: 'part of the body that came' };
  return checkContent(start, { ...expected, json: null }) ?? (expected.json === null ? null : NO_JSON);
}

const NO_JSON: Failure = {
  reason: 'expected JSON, got a stream that does not end',
  detail: 'expected JSON, got a stream that does not end: look for text in it, with `contains` or `matches`',
};

/** null: it is as expected. */
export function checkContent(seen: SeenContent, expected: ContentExpectation): Failure | null {
  return (
    checkContains(seen, expected.contains) ??
    checkMatches(seen, expected.matches) ??
    checkNot(seen, expected.not) ??
    checkJson(seen, expected.json)
  );
}

function checkStatus(seen: SeenResponse, expected: number | null): Failure | null {
  const isRight = expected === null ? seen.status >= 200 && seen.status <= 299 : seen.status === expected;
  if (isRight) return null;
  const reason = `expected ${expected === null ? 'a status from 200 to 299' : `status ${expected}`}, got ${seen.status}`;
  return { reason, detail: `${reason}${quoteBody(seen)}` };
}

function quoteBody({ body, hide }: SeenResponse): string {
  return body.trim() === '' ? ' with an empty body' : `: ${excerpt(body, hide)}`;
}

function checkHeaders(seen: SeenResponse, expected: ReadonlyMap<string, string>): Failure | null {
  for (const [name, part] of expected) {
    const value = Object.hasOwn(seen.headers, name) ? seen.headers[name] : undefined;
    const text = Array.isArray(value) ? value.join(', ') : value;
    if (text?.includes(part)) continue;
    const reason = `expected header ${name} with ${excerpt(part, asWritten)}`;
    return { reason, detail: `${reason}, got ${text === undefined ? 'no such header' : excerpt(text, seen.hide)}` };
  }
  return null;
}

function checkContains(seen: SeenContent, expected: string | null): Failure | null {
  if (expected === null || seen.body.includes(expected)) return null;
  const { noun = BODY } = seen;
  const where = seen.bodyIsWhole ? `the ${noun}` : `the first 1 MiB of the ${noun}`;
  const reason = `expected ${where} to contain ${excerpt(expected, asWritten)}`;
  return { reason, detail: `${reason}, got ${describe(seen)}` };
}

function checkMatches(seen: SeenContent, expected: string | null): Failure | null {
  if (expected === null) return null;
  const found = searchPattern(expected, seen.body);
  if (found === 'found') return null;
  const reason = `expected the ${seen.noun ?? BODY} to match ${excerpt(expected, asWritten)}`;
  if (found === 'slow') return { reason, detail: `${reason}, which took longer than a second to compare: simplify it` };
  return {
    reason,
    detail: `${reason}, got ${describe(seen)}`,
  };
}

function checkNot({ body, hide, noun = BODY }: SeenContent, unwanted: string | null): Failure | null {
  const at = unwanted === null ? -1 : body.indexOf(unwanted);
  if (unwanted === null || at < 0) return null;
  const reason = `expected the ${noun} not to contain ${excerpt(unwanted, asWritten)}`;
  return { reason, detail: `${reason}, got ${excerpt(body.slice(Math.max(0, at - QUOTED_BEFORE)), hide)}` };
}

const QUOTED_BEFORE = 40;
const BODY = 'body';

function describe({ body, hide, noun = BODY }: SeenContent): string {
  return body.trim() === '' ? `an empty ${noun}` : excerpt(body, hide);
}

/**
 * Does the start of a stream hold all that is expected of its content? JSON has to be whole, so it never does. Where text
 * must not occur, at least one line has to be there.
 * @param start of the body
 */
export function isMetByStart(start: string, { contains, matches, not, json }: Expectation): boolean {
  if (json !== null && json !== undefined) return false;
  // Text can be missed only in something that came.
  if (not !== null && !/\S.*\n/.test(start)) return false;
  if (contains !== null && !start.includes(contains)) return false;
  return matches === null || searchPattern(matches, start) === 'found';
}

function checkJson(seen: SeenContent, expected: unknown): Failure | null {
  if (expected === null || expected === undefined) return null;
  if (!seen.bodyIsWhole) {
    const reason = 'expected JSON of at most 1 MiB, got a longer body';
    return { reason, detail: reason };
  }
  const actual = tryParseExactJson(seen.body);
  if (actual === undefined) {
    const reason = 'expected JSON';
    return {
      reason,
      detail: `${reason}, got ${describe(seen)}`,
    };
  }
  const mismatch = findJsonMismatch(expected, actual, { path: '$', hide: seen.hide });
  return mismatch === null ? null : { reason: mismatch, detail: mismatch };
}

function checkWithin(seen: SeenResponse, withinMs: number | null): Failure | null {
  if (withinMs === null || seen.durationMs <= withinMs) return null;
  const reason = `expected the whole response within ${formatDuration(withinMs)}`;
  return { reason, detail: `${reason}, it took ${formatDuration(seen.durationMs)}` };
}
