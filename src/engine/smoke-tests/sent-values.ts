import { tryParseJson } from '../../model/json.ts';
import type { RequestBody } from '../../model/smoke-test.ts';

// What clients say about formats is no secret, and it is the same word that a response answers with.
const HARMLESS_HEADERS = new Set(['accept', 'accept-language', 'content-type', 'user-agent']);
const SHORTEST_VALUE = 3;
const SHORTEST_PART = 8;

/**
 * What we sent that must not come back out of an error page into the log: header values and their parts, queries, and
 * the values in a body. Short values of a body stay: they are words that an answer is made of too.
 */
export function sentValues(
  headers: Readonly<Record<string, string>>,
  url: URL,
  body: RequestBody = { kind: 'none' },
): readonly string[] {
  const values = Object.entries(headers)
    .filter(([name]) => !HARMLESS_HEADERS.has(name.toLowerCase()))
    .map(([, value]) => value.trim());
  // `Bearer <token>`, `session=<id>; …`: a page can show the token alone.
  const parts = [
    ...values.flatMap((value) => value.split(/[\s;,=]+/)),
    ...values.flatMap(inBasic),
    ...bodyValues(body),
  ];
  const query = [url.search.slice(1), ...url.searchParams.values()];
  const whole = [...values, ...query].filter((value) => value.length >= SHORTEST_VALUE);
  return [...whole, ...parts.filter((part) => part.length >= SHORTEST_PART)];
}

/** What `Basic <base64>` stands for: `user:password`, and the password. */
function inBasic(value: string): readonly string[] {
  const encoded = /^basic +(\S+)$/i.exec(value)?.[1];
  if (encoded === undefined) return [];
  const login = Buffer.from(encoded, 'base64').toString();
  return [login, login.slice(login.indexOf(':') + 1)];
}

function bodyValues(body: RequestBody): readonly string[] {
  if (body.kind === 'json') return textsIn(body.value);
  if (body.kind !== 'text') return [];
  const fields = [...body.text.matchAll(/=([^&\s]+)/g)].map(([, value = '']) => value);
  return [body.text, ...fields, ...new URLSearchParams(body.text).values(), ...textsIn(tryParseJson(body.text))];
}

function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}
