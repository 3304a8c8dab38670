import type * as z from 'zod';
import { formatExactJson } from '../model/exact-json.ts';
import type { ContentExpectation, GrpcSmokeTest, WebSocketSmokeTest } from '../model/smoke-test.ts';
import { describeIssue } from './describe-issue.ts';
import type { SmokeTestLimits } from './smoke-test-limits.ts';
import { findLocationProblems, type ReadEntry, shorten } from './smoke-test-location.ts';
import { grpcSchema, type RequestEntry, type WebSocketEntry, webSocketSchema } from './smoke-test-schema.ts';

/** `- grpc: health`, with its options beside it. */
export function readGrpc(entry: object, { networks }: SmokeTestLimits): ReadEntry {
  const { service, url } = entry as { readonly service?: unknown; readonly url?: unknown };
  const label = shorten(typeof service === 'string' && service !== '' ? `grpc: health ${service}` : 'grpc: health');
  const parsed = grpcSchema.safeParse(entry);
  const problems = [
    ...listIssues(parsed, Object.keys(grpcSchema.shape)),
    ...(typeof url === 'string' ? findUrlProblems(url) : []),
    ...findTaken(entry, /^(?:content-type|grpc-)/i),
  ];
  if (!parsed.success || problems.length > 0) return { label, test: null, problems };
  const { data } = parsed;
  const test: GrpcSmokeTest = {
    kind: 'grpc',
    name: label,
    location: data.url ?? '/',
    service: data.service,
    headers: data.headers,
    ...toTiming(data),
    networks,
  };
  return { label, test, problems };
}

function findUrlProblems(url: string): readonly string[] {
  const problems = url.startsWith('/') ? ['expected a full http or https URL'] : findLocationProblems(url);
  const parsed = problems.length === 0 ? URL.parse(url) : null;
  const hasPath = parsed !== null && (parsed.pathname !== '/' || parsed.search !== '' || parsed.hash !== '');
  return [...problems, ...(hasPath ? ['expected a URL without a path'] : [])].map((problem) => `url: ${problem}`);
}

/** `- websocket: /path`, with its options beside it. */
export function readWebSocket(entry: object, { networks }: SmokeTestLimits): ReadEntry {
  const { websocket } = entry as { readonly websocket: unknown };
  const given = typeof websocket === 'string' ? websocket.trim() : '';
  const location = given.replace(/^ws(s?:\/\/)/i, 'http$1');
  const label = shorten(`websocket: ${given}`);
  const parsed = webSocketSchema.safeParse(entry);
  const problems = [
    ...listIssues(parsed, Object.keys(webSocketSchema.shape)),
    ...(typeof websocket === 'string' ? findLocationProblems(location, 'ws or wss') : []),
    ...findTaken(entry, /^(?:sec-websocket-)/i),
  ];
  if (!parsed.success || problems.length > 0) return { label, test: null, problems };
  const { data } = parsed;
  const test: WebSocketSmokeTest = {
    kind: 'websocket',
    name: label,
    location,
    headers: data.headers,
    protocol: data.protocol ?? null,
    message: toMessage(data.send),
    expect: toContent(data),
    ...toTiming(data),
    networks,
  };
  return { label, test, problems };
}

export function toContent(entry: Pick<RequestEntry, 'contains' | 'matches' | 'not' | 'json'>): ContentExpectation {
  return {
    contains: entry.contains ?? null,
    matches: entry.matches ?? null,
    not: entry.not ?? null,
    json: entry.json ?? null,
  };
}

function toMessage(send: WebSocketEntry['send']): string | null {
  if (send === undefined) return null;
  return typeof send === 'string' ? send : formatExactJson(send);
}

function toTiming(entry: Pick<RequestEntry, 'passes' | 'within' | 'retry-for'>) {
  return { passes: entry.passes, retryForMs: entry['retry-for'], withinMs: entry.within ?? null };
}

function listIssues(parsed: z.ZodSafeParseResult<unknown>, keys: readonly string[]): readonly string[] {
  return parsed.success ? [] : parsed.error.issues.flatMap((issue) => describeIssue(issue, keys));
}

/** Headers that the protocol itself sets. */
function findTaken(entry: object, taken: RegExp): readonly string[] {
  const { headers } = entry as { readonly headers?: unknown };
  const names = typeof headers === 'object' && headers !== null ? Object.keys(headers) : [];
  const found = names.filter((name) => taken.test(name));
  return found.map((name) => `headers.${name.slice(0, 80)}: this header is set by deploy-agent; remove it`);
}
