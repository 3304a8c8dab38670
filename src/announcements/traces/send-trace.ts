import { randomBytes } from 'node:crypto';
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import type { CancellableIo, Io } from '../../io/io.ts';
import type { TraceOptions } from '../../model/announcement.ts';
import type { Evidence } from '../../report/evidence.ts';
import { post } from '../post.ts';
import { type Span, type Trace, traceOf } from './spans.ts';

type OtlpSpan = Parameters<typeof ProtobufTraceSerializer.serializeRequest>[0][number];

/** https://www.w3.org/TR/trace-context/#traceparent-header: version, trace, parent, flags. */
const TRACEPARENT = /^[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}$/;
const SAMPLED = 1;
const INTERNAL = 0;
const STATUS_UNSET = 0;
const STATUS_ERROR = 2;

/**
 * Sends the deployment as a trace, by OTLP over HTTP in protobuf, and returns its ID.
 * https://opentelemetry.io/docs/specs/otlp/#otlphttp-request
 * @throws DeployError or Error; the signal's reason
 */
export async function sendTrace(evidence: Evidence, options: TraceOptions, context: CancellableIo): Promise<string> {
  const { env, log } = context.io;
  const safe = (name: string): string | null => (env[name] ? log.redact(env[name]) : null);
  const names = { workflow: safe('GITHUB_WORKFLOW'), job: safe('GITHUB_JOB'), runId: safe('GITHUB_RUN_ID') };
  const { traceId, body } = encodeTrace(traceOf(evidence, names), env);
  const hint = 'Check `otlp-endpoint` and `otlp-headers`: it has to take OTLP over HTTP in protobuf.';
  const headers = { ...options.headers, 'content-type': 'application/x-protobuf' };
  await post({ url: options.endpoint, headers, body, what: 'send the trace', hint }, context);
  return traceId;
}

/** `env`: TRACEPARENT, where the workflow is part of a trace of its own. */
export function encodeTrace(trace: Trace, env: Io['env']): { readonly traceId: string; readonly body: Buffer } {
  const [, traceId = randomBytes(16).toString('hex'), parentId] = TRACEPARENT.exec(env['TRACEPARENT'] ?? '') ?? [];
  const rootId = randomBytes(8).toString('hex');
  const toSpan = openEncoder(trace, traceId);
  const spans = [
    toSpan(trace.root, rootId, parentId ?? null),
    ...trace.children.map((child) => toSpan(child, randomBytes(8).toString('hex'), rootId)),
  ];
  const body = ProtobufTraceSerializer.serializeRequest(spans);
  if (body) return { traceId, body: Buffer.from(body) };
  throw new Error('could not encode the trace');
}

/** In the form of the SDK, whose tracer is not needed: the times are known. */
function openEncoder({ resource }: Trace, traceId: string) {
  const shared = {
    resource: { attributes: { ...resource } } as unknown as OtlpSpan['resource'],
    instrumentationScope: { name: 'deploy-agent' },
    ...{ kind: INTERNAL, links: [], events: [], ended: true },
    ...{ droppedAttributesCount: 0, droppedEventsCount: 0, droppedLinksCount: 0 },
  };
  const contextOf = (spanId: string) => ({ traceId, spanId, traceFlags: SAMPLED });
  return ({ name, from, to, attributes, error }: Span, id: string, parentId: string | null): OtlpSpan => ({
    ...shared,
    name,
    spanContext: () => contextOf(id),
    ...(parentId === null ? {} : { parentSpanContext: contextOf(parentId) }),
    ...{ startTime: hrTime(from), endTime: hrTime(Math.max(from, to)), duration: hrTime(Math.max(0, to - from)) },
    attributes: { ...attributes },
    status: error === null ? { code: STATUS_UNSET } : { code: STATUS_ERROR, message: error },
  });
}

function hrTime(ms: number): [seconds: number, nanoseconds: number] {
  const seconds = Math.floor(ms / 1_000);
  return [seconds, Math.round((ms - seconds * 1_000) * 1_000_000)];
}
