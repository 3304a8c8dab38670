import path from 'node:path';
import protobuf from 'protobufjs';
import type { JsonObject } from '../json.ts';

// Of open-telemetry/opentelemetry-proto v1.9.0, as they are there.
const PROTOS = path.join(import.meta.dirname, 'proto');
const FILE = 'collector/trace/v1/trace_service.proto';
const MESSAGE = 'opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest';

let loaded: protobuf.Type | null = null;

function load(): protobuf.Type {
  if (loaded) return loaded;
  const root = new protobuf.Root();
  root.resolvePath = (_origin, target) => path.join(PROTOS, target.replace(/^opentelemetry\/proto\//, ''));
  loaded = root.loadSync(FILE).lookupType(MESSAGE);
  return loaded;
}

/** As a collector reads it: times as text in nanoseconds, IDs in hex digits. @throws Error: it is no such request */
export function readTraceRequest(body: Buffer): JsonObject {
  const type = load();
  const message = type.decode(body);
  // What the protos don't describe is skipped when it is read.
  const { length } = type.encode(message).finish();
  if (length !== body.length) throw new Error('the protos describe another message');
  const object = type.toObject(message, { longs: String, enums: String, defaults: false });
  return withHexIds(object) as JsonObject;
}

function withHexIds(value: unknown): unknown {
  if (Buffer.isBuffer(value) || value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (Array.isArray(value)) return value.map(withHexIds);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, withHexIds(member)]));
}
