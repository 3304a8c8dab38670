import { fromProto3JSON, toProto3JSON } from 'proto3-json-serializer';
import type protobuf from 'protobufjs';
import type { GrpcAnswer, GrpcTranscoding, RestCall, SimulatedResponse } from '../../edge/host.ts';
import { isObject, type Json, type JsonObject, objectAt, objectsAt, textAt } from '../../json.ts';
import { grpcCodeOf, isStatus } from '../google-error.ts';
import { findMethod, loadSchema, type Method } from './schema.ts';

/**
 * gRPC calls as the REST calls that Google declares them to be: https://google.aip.dev/127. What the schema doesn't know
 * is lost on the way to a gRPC client, as it is with the real service and an older client.
 */
export const grpcTranscoding: GrpcTranscoding = {
  toRest(path, message) {
    const method = findMethod(path);
    return method && restCallOf(method, decode(method.requestType, message));
  },
  toGrpc(path, answer) {
    const method = findMethod(path);
    if (!method) return { code: grpcCodeOf('UNIMPLEMENTED') };
    if (answer.status >= 400) return toError(answer);
    return { code: 0, body: encode(method.responseType, parse(answer)) };
  },
};

/** Canonical JSON of a message: https://protobuf.dev/programming-guides/json/ */
export function decode(type: protobuf.Type, bytes: Buffer): JsonObject {
  return toProto3JSON(withoutEmptyMaps(type.decode(bytes))) as JsonObject;
}

export function encode(type: protobuf.Type, document: JsonObject): Buffer {
  const message = fromProto3JSON(type as never, document as never) as protobuf.Message | null;
  return Buffer.from(type.encode(message ?? {}).finish());
}

function restCallOf({ verb, template, body }: Method, request: JsonObject): RestCall {
  const [, field = '', suffix = ''] = /^\/v2\/\{([\w.]+)=[^}]+\}(.*)$/.exec(template) ?? [];
  const name = field
    .split('.')
    .reduce<Json | undefined>((value, part) => (isObject(value) ? value[part] : undefined), request);
  const others = Object.entries(request).filter(([member]) => member !== field && member !== body);
  const parameters = body === '*' ? [] : others.map(([member, value]) => [member, String(value)] as [string, string]);
  const query = new URLSearchParams(parameters);
  const sent = body === '*' ? Object.fromEntries(others) : request[body];
  return {
    method: verb,
    path: `/v2/${encodeURI(String(name ?? ''))}${suffix}${query.size > 0 ? `?${query}` : ''}`,
    body: body === '' ? Buffer.alloc(0) : Buffer.from(JSON.stringify(sent ?? {})),
  };
}

/** The library makes an empty map of every one that wasn't sent. */
function withoutEmptyMaps(message: protobuf.Message): protobuf.Message {
  const members = message as unknown as Record<string, unknown>;
  for (const field of message.$type.fieldsArray) {
    if (!Object.hasOwn(message, field.name)) continue;
    const value = members[field.name];
    if (field.map && Object.keys(value as object).length === 0) delete members[field.name];
    for (const item of Array.isArray(value) ? value : [value]) if (isMessage(item)) withoutEmptyMaps(item);
  }
  return message;
}

function isMessage(value: unknown): value is protobuf.Message {
  return typeof value === 'object' && value !== null && '$type' in value;
}

/** https://cloud.google.com/apis/design/errors#error_model; what isn't Google's own document was made on the way. */
function toError(answer: SimulatedResponse): GrpcAnswer {
  const error = objectAt(parse(answer), 'error');
  const status = textAt(error, 'status');
  if (!isStatus(status)) return { code: codeOfHttp(answer.status), message: `HTTP ${answer.status}` };
  const code = grpcCodeOf(status);
  const message = textAt(error, 'message');
  const details = encode(loadSchema().lookupType('google.rpc.Status'), {
    ...{ code, message },
    details: objectsAt(error, 'details'),
  });
  return { code, message, details };
}

/** https://cloud.google.com/apis/design/errors#error_codes, from right to left */
function codeOfHttp(status: number): number {
  const codes: Readonly<Record<number, number>> = {
    400: 3,
    401: 16,
    403: 7,
    404: 5,
    409: 10,
    429: 8,
    499: 1,
    500: 13,
    501: 12,
    503: 14,
    504: 4,
  };
  return codes[status] ?? (status >= 500 ? 14 : 2);
}

function parse({ body = '' }: SimulatedResponse): JsonObject {
  try {
    const document: unknown = JSON.parse(String(body) || '{}');
    return isObject(document) ? document : {};
  } catch {
    return {};
  }
}
