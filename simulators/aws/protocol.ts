import type { SimulatedRequest, SimulatedResponse } from '../edge/host.ts';
import type { JsonObject } from '../json.ts';
import { AwsError } from './aws-error.ts';
import { parseJsonObject } from './json.ts';
import { toXml } from './xml.ts';

/** How one service is spoken to. */
export interface Protocol {
  /** As in a policy's actions and in a signature's scope: `ecs`. */
  readonly service: string;
  /** JSON 1.1: the prefix of x-amz-target. Query: the XML name space. */
  readonly kind: 'json' | 'query';
  readonly namespace: string;
}

export interface Call {
  readonly operation: string;
  readonly body: JsonObject;
}

/** https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html, …/aws-query-protocol.html */
export function findOperation(protocol: Protocol, request: SimulatedRequest): string | null {
  if (protocol.kind === 'query') return new URLSearchParams(request.body.toString()).get('Action');
  const [namespace, operation] = (request.headers['x-amz-target'] ?? '').split('.');
  return namespace === protocol.namespace && operation ? operation : null;
}

/** @throws AwsError for a call that the service doesn't understand. */
export function parseCall(protocol: Protocol, request: SimulatedRequest): Call {
  const operation = findOperation(protocol, request);
  if (request.method !== 'POST' || !operation) throw new AwsError('UnknownOperationException', '', 404);
  if (protocol.kind === 'query') return { operation, body: parseForm(request.body.toString()) };
  return { operation, body: parseJsonObject(request.body.toString()) };
}

export function formatResult(
  protocol: Protocol,
  answer: { readonly operation: string; readonly result: JsonObject; readonly requestId: string },
): SimulatedResponse {
  const { operation, result, requestId } = answer;
  if (protocol.kind === 'json') return jsonResponse(200, JSON.stringify(result));
  const inner = toXml(`${operation}Result`, result) + toXml('ResponseMetadata', { RequestId: requestId });
  return xmlResponse(200, `<${operation}Response xmlns="${protocol.namespace}">${inner}</${operation}Response>`);
}

export function formatError(protocol: Protocol, error: AwsError, requestId: string): SimulatedResponse {
  if (protocol.kind === 'json') {
    return jsonResponse(error.status, JSON.stringify({ __type: error.code, message: error.message }));
  }
  const inner =
    toXml('Error', { Type: 'Sender', Code: error.code, Message: error.message }) + toXml('RequestId', requestId);
  return xmlResponse(error.status, `<ErrorResponse xmlns="${protocol.namespace}">${inner}</ErrorResponse>`);
}

/** `TargetGroupArns.member.1=a` -> `{TargetGroupArns: ['a']}`; deeper structures are not needed here. */
function parseForm(text: string): JsonObject {
  const members: Record<string, string | string[]> = {};
  for (const [name, value] of new URLSearchParams(text)) {
    const list = /^(\w+)\.member\.\d+$/.exec(name)?.[1];
    if (list === undefined) members[name] = value;
    else members[list] = [...(members[list] ?? []), value];
  }
  return members;
}

function jsonResponse(status: number, body: string): SimulatedResponse {
  return { status, headers: { 'content-type': 'application/x-amz-json-1.1' }, body };
}

function xmlResponse(status: number, body: string): SimulatedResponse {
  return { status, headers: { 'content-type': 'text/xml' }, body: `<?xml version="1.0"?>\n${body}\n` };
}
