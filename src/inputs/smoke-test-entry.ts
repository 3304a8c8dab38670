import type * as z from 'zod';
import { nearest } from '../model/nearest.ts';
import type { CommandSmokeTest, HttpSmokeTest, RequestBody, SmokeTest } from '../model/smoke-test.ts';
import { type CommandEntry, commandSchema, type RequestEntry, requestSchema } from './smoke-test-schema.ts';

/** One entry of the list. `test` is null when there are problems; `label` says which entry this is ('' when unclear). */
export interface ReadEntry {
  readonly label: string;
  readonly test: SmokeTest | null;
  readonly problems: readonly string[];
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
const SHAPE = 'expected `METHOD /path`, `METHOD https://host/path` or `run: command`';

export function readSmokeTest(entry: unknown, fileExists: (path: string) => boolean): ReadEntry {
  if (typeof entry === 'string') return readRequest(entry, {}, fileExists);
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) return unclear(SHAPE);
  if (Object.hasOwn(entry, 'run')) return readCommand(entry);
  const [key = '', ...others] = Object.keys(entry);
  if (!key.includes(' ')) {
    const meant = nearest(key, ['run']);
    return unclear(meant ? `unknown key "${key}": did you mean "${meant}"?` : SHAPE);
  }
  // `- GET /health:` with the options below it, not indented any further, is a common mistake.
  if (others.length > 0) return { label: shorten(key), test: null, problems: [besideNotBelow(key)] };
  return readRequest(key, (entry as Record<string, unknown>)[key] ?? {}, fileExists);
}

function unclear(problem: string): ReadEntry {
  return { label: '', test: null, problems: [problem] };
}

function besideNotBelow(key: string): string {
  const right = `expected them on one line, \`- ${shorten(key)}: { … }\`, or indented by two more spaces`;
  return `its options are beside it, not below it; ${right}`;
}

function shorten(text: string): string {
  const line = hideQuery(text.replace(/\s+/g, ' '));
  return line.length > 80 ? `${line.slice(0, 80)}…` : line;
}

/** A query can hold a token, and names go into logs and reports. */
function hideQuery(text: string): string {
  return text.replace(/^([A-Za-z]+ (?:\/|https?:\/\/)[^?#]*)\?.*$/, '$1?…').replace(/:\/\/[^/@\s]*@/, '://…@');
}

function readRequest(key: string, options: unknown, fileExists: (path: string) => boolean): ReadEntry {
  const [, method = '', location = ''] = /^(\S+) +(\S+)$/.exec(key.trim()) ?? [];
  const name = shorten(key.trim());
  const parsed = requestSchema.safeParse(options);
  const issues = parsed.success ? [] : parsed.error.issues;
  const problems = [
    ...findRequestLineProblems(method, location),
    ...issues.flatMap((issue) => describe(issue, Object.keys(requestSchema.shape))),
    ...findBodyProblems(options, method, fileExists),
  ];
  if (!parsed.success || problems.length > 0) return { label: name, test: null, problems };
  return { label: name, problems, test: toHttpTest({ name, method, location }, parsed.data) };
}

function findRequestLineProblems(method: string, location: string): readonly string[] {
  if (method === '') return [SHAPE];
  const meant = nearest(method, METHODS);
  const problems: string[] = [];
  if (!METHODS.includes(method)) {
    problems.push(`unknown method: ${meant ? `did you mean ${meant}?` : `expected one of ${METHODS.join(', ')}`}`);
  }
  if (location.startsWith('/')) return problems;
  const url = /^https?:\/\//i.test(location) ? URL.parse(location) : null;
  if (!url) return [...problems, 'expected a path that begins with `/`, or a full http or https URL'];
  if (url.username !== '' || url.password !== '') {
    return [...problems, 'expected a URL without credentials; send them in `headers`'];
  }
  return problems;
}

function findBodyProblems(options: unknown, method: string, fileExists: (path: string) => boolean): readonly string[] {
  const given = new Map(Object.entries(options ?? {}));
  const problems: string[] = [];
  const bodies = ['body', 'json-body', 'file'].filter((key) => given.has(key));
  if (bodies.length > 1) problems.push(`expected only one of ${bodies.join(', ')}`);
  if (bodies.length > 0 && (method === 'GET' || method === 'HEAD')) {
    problems.push(`${method} sends no ${bodies[0]}; expected another method, such as POST`);
  }
  if (given.has('file-field') && !given.has('file')) problems.push('file-field: expected `file` beside it');
  const file = given.get('file');
  if (typeof file === 'string' && file !== '' && !fileExists(file)) {
    problems.push(
      `file: there is no file ${file}; check the path, and that actions/checkout is an earlier step of this job`,
    );
  }
  return problems;
}

/** zod's issue in our words. Values are not quoted: they can be secrets. */
function describe(issue: z.core.$ZodIssue, keys: readonly string[]): readonly string[] {
  const at = issue.path.length === 0 ? '' : `${issue.path.map(String).join('.')}: `;
  if (issue.code !== 'unrecognized_keys') {
    return [`${at}${issue.path.length === 0 ? 'expected a map of options, such as { status: 204 }' : issue.message}`];
  }
  return issue.keys.map((key) => {
    const meant = nearest(key, keys);
    return `unknown key "${key}": ${meant ? `did you mean "${meant}"?` : `expected one of ${keys.join(', ')}`}`;
  });
}

function toHttpTest(
  line: { readonly name: string; readonly method: string; readonly location: string },
  entry: RequestEntry,
): HttpSmokeTest {
  return {
    kind: 'http',
    ...line,
    headers: entry.headers,
    body: toBody(entry),
    expect: {
      status: entry.status ?? null,
      headers: entry.header,
      contains: entry.contains ?? null,
      json: entry.json ?? null,
      withinMs: entry.within ?? null,
    },
    passes: entry.passes,
    retryForMs: entry['retry-for'],
    followAnywhere: entry['cross-origin-redirects'],
  };
}

function toBody(entry: RequestEntry): RequestBody {
  if (entry.file !== undefined) return { kind: 'file', path: entry.file, field: entry['file-field'] ?? 'file' };
  if (entry['json-body'] !== undefined) return { kind: 'json', value: entry['json-body'] };
  return entry.body === undefined ? { kind: 'none' } : { kind: 'text', text: entry.body };
}

function readCommand(entry: object): ReadEntry {
  const parsed = commandSchema.safeParse(entry);
  const script = (entry as { readonly run: unknown }).run;
  const label = shorten(typeof script === 'string' ? firstLine(script) : 'run');
  if (parsed.success) return { label, problems: [], test: toCommandTest(parsed.data) };
  const problems = parsed.error.issues.flatMap((issue) => describe(issue, Object.keys(commandSchema.shape)));
  return { label, test: null, problems };
}

function firstLine(script: string): string {
  return script.trim().split('\n', 1)[0]!.trim();
}

function toCommandTest(entry: CommandEntry): CommandSmokeTest {
  return {
    kind: 'command',
    name: entry.name ?? shorten(firstLine(entry.run)),
    script: entry.run,
    timeoutMs: entry.timeout,
    passes: entry.passes,
    retryForMs: entry['retry-for'],
  };
}
