import * as z from 'zod';
import { parseDuration } from '../model/duration.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

const NOT_TEXT = 'expected text; put numbers, true and false in quotes';
const NOT_A_MAP = 'expected text, got what YAML reads as a map or a list; put it in single quotes';
const notText = ({ input }: { readonly input?: unknown }): string => (Object(input) === input ? NOT_A_MAP : NOT_TEXT);
const text = z.string({ error: notText });
/** `orJson`: the key for those who write JSON there. */
const textOrJson = (orJson: string) =>
  z.string({
    error: ({ input }) => (Object(input) === input ? `${NOT_A_MAP}, or write \`${orJson}\` instead` : NOT_TEXT),
  });
const passes = z
  .number({ error: 'expected a whole number from 1 to 100' })
  .refine((count) => Number.isInteger(count) && count >= 1 && count <= 100, 'expected a whole number from 1 to 100')
  .default(1);

const inside = {
  'in-cluster': z.boolean({ error: 'expected true or false' }).default(false),
  image: text.optional(),
};
const PATTERN =
  'expected a regular expression of JavaScript, such as v[0-9]+; `{`, `}` and `]` as themselves need a `\\\\`';
const NOT_MESSAGE = 'expected text, or a map or a list that is sent as JSON';
// RFC 9110 15.2: what is below 200 comes before the response.
const STATUS = 'expected a status from 200 to 599';

const content = {
  contains: textOrJson('json').min(1, 'expected text to look for').optional(),
  matches: text.max(1_000, 'expected at most 1000 characters').refine(isPattern, PATTERN).optional(),
  not: text.min(1, 'expected text that must not be there').optional(),
  json: json()
    .refine((value) => value !== null, 'expected a value that has to be part of the response')
    .optional(),
};
const timing = {
  within: duration(1, 10 * MINUTE_MS, 'a duration from 1ms to 10m, such as 500ms or 2s').optional(),
  'retry-for': duration(0, HOUR_MS, 'a duration from 0s to 1h, such as 60s').default(MINUTE_MS),
  passes,
};

/** The values beside `METHOD /path`. */
export const requestSchema = z.strictObject({
  headers: headerMap('sent').prefault({}),
  body: textOrJson('json-body').optional(),
  'json-body': json().optional(),
  file: text.min(1, 'expected the path of a file').optional(),
  'body-file': text.min(1, 'expected the path of a file').optional(),
  'file-field': text.regex(/^[^\p{Cc}"]{1,200}$/u, 'expected the name of a form field').optional(),
  status: z
    .number({ error: STATUS })
    .refine((status) => Number.isInteger(status) && status >= 200 && status <= 599, STATUS)
    .optional(),
  header: headerMap('expected').prefault({}),
  ...content,
  ...timing,
  http2: z.boolean({ error: 'expected true or false' }).default(false),
  'cross-origin-redirects': z.boolean({ error: 'expected true or false' }).default(false),
  ...inside,
});

export const commandSchema = z.strictObject({
  run: text.refine((script) => script.trim() !== '', 'expected a command'),
  name: text.regex(/^[^\p{Cc}]{1,100}$/u, 'expected one line of at most 100 characters').optional(),
  timeout: duration(1_000, HOUR_MS, 'a duration from 1s to 1h, such as 90s or 5m').default(5 * MINUTE_MS),
  'retry-for': duration(0, HOUR_MS, 'a duration from 0s to 1h, such as 60s').default(0),
  passes,
  ...inside,
});

const onRunner = {
  'in-cluster': z
    .literal(false, 'expected false: this runs on the runner; in the cluster, run a client in a command (`run:`)')
    .default(false),
};

export const grpcSchema = z.strictObject({
  grpc: z.literal(
    'health',
    'expected `health`, the standard health service; for other calls, run a client in a command',
  ),
  service: text.regex(/^[\w.\-/]{0,200}$/, 'expected the name of a service, such as acme.v1.Agent').default(''),
  url: text.optional(),
  headers: headerMap('sent').prefault({}),
  ...timing,
  ...onRunner,
});

export const webSocketSchema = z.strictObject({
  websocket: text,
  protocol: text.regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}$/, 'expected the name of a subprotocol').optional(),
  send: json()
    .refine((value) => typeof value === 'string' || (typeof value === 'object' && value !== null), NOT_MESSAGE)
    .optional(),
  headers: headerMap('sent').prefault({}),
  ...content,
  ...timing,
  ...onRunner,
});

export type WebSocketEntry = z.infer<typeof webSocketSchema>;
export type RequestEntry = z.infer<typeof requestSchema>;
export type CommandEntry = z.infer<typeof commandSchema>;

function duration(leastMs: number, mostMs: number, expected: string) {
  return z.string({ error: `expected ${expected}` }).transform((given, context) => {
    const milliseconds = parseDuration(given);
    if (milliseconds !== null && milliseconds >= leastMs && milliseconds <= mostMs) return milliseconds;
    context.addIssue({ code: 'custom', message: `expected ${expected}` });
    return z.NEVER;
  });
}

// RFC 9110: the request's frame is ours; a second copy of one of these could make it two requests.
const RESERVED_HEADERS = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'connection',
  'upgrade',
  'te',
  'trailer',
]);

/** Names in lower case -> text. */
function headerMap(kind: 'sent' | 'expected') {
  const shape = z.record(z.string(), z.unknown(), { error: 'expected a map of header names to text' });
  return shape.transform((given, context): ReadonlyMap<string, string> => {
    const headers = new Map<string, string>();
    for (const [name, value] of Object.entries(given)) {
      const problem = findHeaderProblem(name, value, kind) ?? (headers.has(name.toLowerCase()) ? 'given twice' : null);
      if (problem) context.addIssue({ code: 'custom', message: problem, path: [name] });
      headers.set(name.toLowerCase(), String(value));
    }
    return headers;
  });
}

function findHeaderProblem(name: string, value: unknown, kind: 'sent' | 'expected'): string | null {
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}$/.test(name))
    return 'expected the name of a header (letters, digits and `-`)';
  if (typeof value !== 'string') return notText({ input: value });
  if (kind === 'expected') return null;
  if (RESERVED_HEADERS.has(name.toLowerCase())) return 'this header is set by deploy-agent; remove it';
  if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) return 'expected one line without control characters';
  return null;
}

function isPattern(pattern: string): boolean {
  try {
    return pattern !== '' && new RegExp(pattern, 'u').source !== '';
  } catch {
    return false;
  }
}

function json() {
  return z.unknown().refine(isJson, 'expected JSON: it has no infinity and no NaN');
}

function isJson(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || value === null) return true;
  return Object.values(value).every(isJson);
}
