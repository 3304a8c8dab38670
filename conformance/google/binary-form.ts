import { fromProto3JSON, toProto3JSON } from 'proto3-json-serializer';
import type protobuf from 'protobufjs';
import type { JsonObject } from '../../simulators/json.ts';

/** The JSON of a message: https://protobuf.dev/programming-guides/json/ */
export function decode(type: protobuf.Type, bytes: Buffer): JsonObject {
  return toProto3JSON(withoutEmptyMaps(type.decode(bytes))) as JsonObject;
}

/** The message in protobuf's binary form, which holds only what the schema knows. */
export function encode(type: protobuf.Type, document: JsonObject): Buffer {
  const message = fromProto3JSON(type as never, document as never) as protobuf.Message | null;
  return Buffer.from(type.encode(message ?? {}).finish());
}

/** The library makes an empty map of every one that was not sent. */
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
