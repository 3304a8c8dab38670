import type { SimulatedResponse, Wire } from '../edge/host.ts';

export type Bytes = string | Buffer;

const CHUNK = 64 * 1024;
/** At full speed; after that only so much that a limit in time ends it, and not this machine. */
const FLOOD_BYTES = 8 * 1024 * 1024;
const PAUSE_MS = 200;

export function answer(status: number, body: Bytes = '', headers: Record<string, string> = {}): SimulatedResponse {
  return { status, headers, body };
}

export function json(status: number, document: unknown, headers: Record<string, string> = {}): SimulatedResponse {
  return answer(status, JSON.stringify(document), { 'content-type': 'application/json', ...headers });
}

export function redirect(location: string, status = 307): SimulatedResponse {
  return answer(status, '', { location });
}

/** The same with other headers; undefined: without that one. */
export function withHeaders(
  honest: SimulatedResponse,
  headers: Readonly<Record<string, string | undefined>>,
): SimulatedResponse {
  const all = Object.entries({ ...honest.headers, ...headers });
  return {
    ...honest,
    headers: Object.fromEntries(all.filter(([, value]) => value !== undefined)) as typeof honest.headers & {},
  };
}

/** `HTTP/1.1 200 OK` and these lines, with the empty one at the end. */
export function head(status: string, lines: readonly string[] = []): string {
  return [`HTTP/1.1 ${status}`, ...lines, '', ''].join('\r\n');
}

/** These bytes, and the end of the connection. */
export function raw(...pieces: readonly Bytes[]): SimulatedResponse {
  return wire(async ({ write }) => {
    for (const piece of pieces) await write(piece);
  });
}

export function wire(act: (wire: Wire) => Promise<void>): SimulatedResponse {
  return { status: 0, raw: act };
}

/** What never ends: as fast as it is read at first, then slowly. */
export function endless(start: Bytes, piece: Bytes, floodBytes = FLOOD_BYTES): SimulatedResponse {
  const many = Buffer.concat(Array.from({ length: Math.ceil(CHUNK / piece.length) }, () => Buffer.from(piece)));
  return wire(async (to) => {
    await to.write(start);
    for (let sent = 0; sent < floodBytes && !to.closed; sent += many.length) await to.write(many);
    while (!to.closed) {
      await to.sleep(PAUSE_MS);
      await to.write(piece);
    }
  });
}

/** One piece after another, with silence between. */
export function trickle(start: Bytes, piece: Bytes, everyMs: number): SimulatedResponse {
  return wire(async (to) => {
    await to.write(start);
    while (!to.closed) {
      await to.sleep(everyMs);
      await to.write(piece);
    }
  });
}

/** Nothing more after these bytes, and no end. */
export function silence(start: Bytes = ''): SimulatedResponse {
  return wire(async (to) => {
    if (start.length > 0) await to.write(start);
    await to.sleep(Number.POSITIVE_INFINITY);
  });
}

export function reset(start: Bytes = ''): SimulatedResponse {
  return wire(async (to) => {
    if (start.length > 0) await to.write(start);
    to.reset();
  });
}

/** As `Transfer-Encoding: chunked` has it. */
export function chunk(bytes: Bytes): Buffer {
  const content = Buffer.from(bytes as string);
  return Buffer.concat([Buffer.from(`${content.length.toString(16)}\r\n`), content, Buffer.from('\r\n')]);
}

export const CHUNKED = 'transfer-encoding: chunked';
