/** The few bytes of protobuf that the health service takes and gives: one field each. */

const FRAME_HEAD_BYTES = 5;
/** https://github.com/grpc/grpc/blob/master/src/proto/grpc/health/v1/health.proto */
export const SERVING_STATUSES = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'] as const;

/** A HealthCheckRequest, as one message of gRPC: not compressed, with its length. */
export function encodeHealthCheck(service: string): Buffer {
  const name = Buffer.from(service);
  // Field 1, of a length. The default of proto3, '', isn't sent.
  const message = service === '' ? name : Buffer.concat([Buffer.from([0x0a]), encodeNumber(name.length), name]);
  const head = Buffer.alloc(FRAME_HEAD_BYTES);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** The status in a HealthCheckResponse: a name, or the number of one that is unknown here; null: it is no such message. */
export function decodeHealthStatus(body: Buffer): string | null {
  const isWhole = body.length >= FRAME_HEAD_BYTES && body.readUInt32BE(1) === body.length - FRAME_HEAD_BYTES;
  // Compressed ones were not asked for.
  if (!isWhole || body[0] !== 0) return null;
  const fields = readFields(body.subarray(FRAME_HEAD_BYTES));
  if (fields === null) return null;
  const status = fields.get(1) ?? 0;
  return SERVING_STATUSES[status] ?? String(status);
}

function encodeNumber(value: number): Buffer {
  const bytes: number[] = [];
  for (let left = value; ; left = Math.floor(left / 128)) {
    if (left < 128) return Buffer.from([...bytes, left]);
    bytes.push((left % 128) + 128);
  }
}

const NUMBER = 0;

/** The numbers by field; null: something else is in it, which no version of the message has. */
function readFields(message: Buffer): ReadonlyMap<number, number> | null {
  const fields = new Map<number, number>();
  for (let at = 0; at < message.length; ) {
    const key = readNumber(message, at);
    const value = key && readNumber(message, key.next);
    if (!value || key.value % 8 !== NUMBER) return null;
    fields.set(Math.floor(key.value / 8), value.value);
    at = value.next;
  }
  return fields;
}

const LONGEST_NUMBER_BYTES = 5;

function readNumber(message: Buffer, at: number): { readonly value: number; readonly next: number } | null {
  let value = 0;
  for (let read = 0; read < LONGEST_NUMBER_BYTES; read += 1) {
    const byte = message[at + read];
    if (byte === undefined) return null;
    value += (byte % 128) * 128 ** read;
    if (byte < 128) return { value, next: at + read + 1 };
  }
  return null;
}
