import { formatBytes } from '../model/bytes.ts';
import { describeError } from '../model/errors.ts';
import { formatImageName, parseImageName } from '../model/image.ts';
import { nearest } from '../model/nearest.ts';
import {
  type CommandSmokeTest,
  type HttpSmokeTest,
  type InsideRun,
  MOST_UPLOAD_BYTES,
  type RequestBody,
} from '../model/smoke-test.ts';
import { describeIssue } from './describe-issue.ts';
import { CHECKOUT, findMissingScript } from './missing-script.ts';
import { readGrpc, readWebSocket, toContent } from './smoke-test-channels.ts';
import type { SmokeTestLimits } from './smoke-test-limits.ts';
import { findLocationProblems, type ReadEntry, shorten } from './smoke-test-location.ts';
import { type CommandEntry, commandSchema, type RequestEntry, requestSchema } from './smoke-test-schema.ts';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
const FOLDED = 'several entries on one line, as `smoke-tests: >` makes of a list; write `smoke-tests: |`';
const SHAPE =
  'expected `METHOD /path`, `METHOD https://host/path`, `run: command`, `grpc: health` or `websocket: /path`';

/** What holds for each test of the list, and how its files are found. */
export interface EntryContext extends SmokeTestLimits {
  /** Of a file of the repository, in bytes; null: there is none. */
  fileSize(path: string): number | null;
}

export function readSmokeTest(entry: unknown, context: EntryContext): ReadEntry {
  if (typeof entry === 'string') return readRequest(entry, {}, context);
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) return unclear(SHAPE);
  if (Object.hasOwn(entry, 'run')) return readCommand(entry, context);
  if (Object.hasOwn(entry, 'grpc')) return readGrpc(entry, context);
  if (Object.hasOwn(entry, 'websocket')) return readWebSocket(entry, context);
  const [key = '', ...others] = Object.keys(entry);
  if (!key.includes(' ')) {
    const meant = nearest(key, ['run', 'grpc', 'websocket']);
    return unclear(meant ? `unknown key "${key}": did you mean "${meant}"?` : SHAPE);
  }
  // `- GET /health:` with the options below it, not indented any further, is a common mistake.
  if (others.length > 0) return { label: shorten(key), test: null, problems: [besideNotBelow(key)] };
  return readRequest(key, (entry as Record<string, unknown>)[key] ?? {}, context);
}

/** The line breaks between the entries are gone. */
function isFolded(key: string): boolean {
  return / - (?:[A-Z]{3,7} +[/h]|run\b)/.test(key);
}

function unclear(problem: string): ReadEntry {
  return { label: '', test: null, problems: [problem] };
}

function besideNotBelow(key: string): string {
  const right = `expected them on one line, \`- ${shorten(key)}: { … }\`, or indented by two more spaces`;
  return `its options are beside it, not below it; ${right}`;
}

function readRequest(key: string, options: unknown, context: EntryContext): ReadEntry {
  const [, method = '', location = ''] = /^(\S+) +(\S+)$/.exec(key.trim()) ?? [];
  const name = shorten(key.trim());
  if (isFolded(key)) return { label: name, test: null, problems: [FOLDED] };
  const parsed = requestSchema.safeParse(options);
  const issues = parsed.success ? [] : parsed.error.issues;
  const problems = [
    ...findRequestLineProblems(method, location),
    ...issues.flatMap((issue) => describeIssue(issue, Object.keys(requestSchema.shape))),
    ...findBodyProblems(options, method, context.fileSize),
    ...findInsideProblems(options),
    ...findUnanswerable(options, method),
  ];
  if (!parsed.success || problems.length > 0) return { label: name, test: null, problems };
  return {
    label: name,
    problems,
    test: { ...toHttpTest({ name, method, location }, parsed.data), networks: context.networks },
  };
}

function findRequestLineProblems(method: string, location: string): readonly string[] {
  if (method === '') return [SHAPE];
  const meant = nearest(method, METHODS);
  const problems: string[] = [];
  if (!METHODS.includes(method)) {
    problems.push(`unknown method: ${meant ? `did you mean ${meant}?` : `expected one of ${METHODS.join(', ')}`}`);
  }
  return [...problems, ...findLocationProblems(location)];
}

/** RFC 9110 9.3.2 and 6.4.1: nothing could be found in such a response, and nothing missed. */
function findUnanswerable(options: unknown, method: string): readonly string[] {
  const given = Object.entries(Object(options) as Record<string, unknown>);
  const keys = given.map(([key]) => key).filter((key) => BODY_EXPECTATIONS.includes(key));
  const status = given.find(([key]) => key === 'status')?.[1];
  if (method === 'HEAD')
    return keys.map((key) => `${key}: the response to HEAD has no body; expected another method, such as GET`);
  if (!WITHOUT_BODY.includes(status)) return [];
  return keys.map(
    (key) => `${key}: a response with the status ${status} has no body; expected another status, or no \`${key}\``,
  );
}

const BODY_EXPECTATIONS = ['contains', 'matches', 'not', 'json'];
const WITHOUT_BODY: readonly unknown[] = [204, 205, 304];

function findBodyProblems(options: unknown, method: string, fileSize: EntryContext['fileSize']): readonly string[] {
  const given = new Map(Object.entries(options ?? {}));
  const problems: string[] = [];
  const bodies = ['body', 'json-body', 'file', 'body-file'].filter((key) => given.has(key));
  if (bodies.length > 1) problems.push(`expected only one of ${bodies.join(', ')}`);
  if (bodies.length > 0 && (method === 'GET' || method === 'HEAD')) {
    problems.push(`${method} sends no ${bodies[0]}; expected another method, such as POST`);
  }
  if (given.has('file-field') && !given.has('file')) problems.push('file-field: expected `file` beside it');
  for (const key of ['file', 'body-file']) {
    const file = given.get(key);
    if (typeof file !== 'string' || file === '') continue;
    const size = fileSize(file);
    if (size === null) problems.push(`${key}: there is no file ${file}; ${CHECKOUT}`);
    else if (size > MOST_UPLOAD_BYTES)
      problems.push(`${key}: ${file} has ${formatBytes(size)}; expected a file of at most 64 MiB`);
  }
  return problems;
}

/** A redirect is followed by a name that only the network there resolves, so nothing could keep it from a metadata service. */
const NO_REDIRECTS = 'cross-origin-redirects: expected false with `in-cluster: true`; test the address itself';

function isInside(entry: object): boolean {
  return (entry as { readonly 'in-cluster'?: unknown })['in-cluster'] === true;
}

function findInsideProblems(options: unknown): readonly string[] {
  const {
    'in-cluster': isInside,
    image,
    'cross-origin-redirects': leaves,
    http2,
  } = Object(options) as Record<string, unknown>;
  const problems = leaves === true && isInside === true ? [NO_REDIRECTS] : [];
  if (http2 === true && isInside === true) problems.push('http2: expected false with `in-cluster: true`');
  if (image !== undefined && isInside !== true) return [...problems, 'image: expected `in-cluster: true` beside it'];
  return typeof image === 'string' ? [...problems, ...findImageProblems(image)] : problems;
}

function findImageProblems(image: string): readonly string[] {
  try {
    parseImageName(image.trim());
    return [];
  } catch (error) {
    return [`image: ${describeError(error).message}`];
  }
}

function toInside(entry: RequestEntry | CommandEntry): { readonly inside?: InsideRun } {
  if (!entry['in-cluster']) return {};
  // With its registry, as not every node completes a short name in the same way.
  return { inside: { image: entry.image === undefined ? null : formatImageName(parseImageName(entry.image.trim())) } };
}

function toHttpTest(
  line: { readonly name: string; readonly method: string; readonly location: string },
  entry: RequestEntry,
): Omit<HttpSmokeTest, 'networks'> {
  return {
    kind: 'http',
    ...line,
    headers: entry.headers,
    body: toBody(entry),
    expect: {
      status: entry.status ?? null,
      headers: entry.header,
      ...toContent(entry),
      withinMs: entry.within ?? null,
    },
    passes: entry.passes,
    retryForMs: entry['retry-for'],
    followAnywhere: entry['cross-origin-redirects'],
    isHttp2: entry.http2,
    ...toInside(entry),
  };
}

function toBody(entry: RequestEntry): RequestBody {
  if (entry.file !== undefined) return { kind: 'file', path: entry.file, field: entry['file-field'] ?? 'file' };
  if (entry['body-file'] !== undefined) return { kind: 'raw', path: entry['body-file'] };
  if (entry['json-body'] !== undefined) return { kind: 'json', value: entry['json-body'] };
  return entry.body === undefined ? { kind: 'none' } : { kind: 'text', text: entry.body };
}

function readCommand(entry: object, { passedVariables, fileSize }: EntryContext): ReadEntry {
  const parsed = commandSchema.safeParse(entry);
  const script = (entry as { readonly run: unknown }).run;
  const label = shorten(typeof script === 'string' ? firstLine(script) : 'run');
  const issues = parsed.success ? [] : parsed.error.issues;
  const problems = [
    ...issues.flatMap((issue) => describeIssue(issue, Object.keys(commandSchema.shape))),
    ...findInsideProblems(entry),
    ...(typeof script === 'string' && !isInside(entry) ? findMissingScript(script, fileSize) : []),
  ];
  if (!parsed.success || problems.length > 0) return { label, test: null, problems };
  return { label, problems, test: { ...toCommandTest(parsed.data), passedVariables } };
}

function firstLine(script: string): string {
  return script.trim().split('\n', 1)[0]!.trim();
}

function toCommandTest(entry: CommandEntry): Omit<CommandSmokeTest, 'passedVariables'> {
  return {
    kind: 'command',
    name: entry.name ?? shorten(firstLine(entry.run)),
    script: entry.run,
    timeoutMs: entry.timeout,
    passes: entry.passes,
    retryForMs: entry['retry-for'],
    ...toInside(entry),
  };
}
