import type { IncomingHttpHeaders, OutgoingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { buffer } from 'node:stream/consumers';
import type { GrpcAnswer, GrpcTranscoding, SimulatedRequest, SimulatedResponse } from './host.ts';
import type { Reply } from './reply.ts';

/** gRPC on HTTP/2: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md */
const CONTENT_TYPE = 'application/grpc+proto';
const UNIMPLEMENTED: GrpcAnswer = { code: 12, message: 'The simulator has no such method.' };

/** What came in, as the REST call that it is the same as; null: it was answered with an error already. */
export async function readGrpcCall(
  grpc: GrpcTranscoding,
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
): Promise<SimulatedRequest | null> {
  const path = String(headers[':path']);
  const frame = await buffer(stream);
  // One message, not compressed: the only form that unary calls take unless a client is told otherwise.
  const isOne = frame.length >= 5 && frame[0] === 0 && frame.readUInt32BE(1) === frame.length - 5;
  const call = isOne ? grpc.toRest(path, frame.subarray(5)) : null;
  if (!call) {
    endWith(stream, UNIMPLEMENTED);
    return null;
  }
  const own = Object.entries(headers).filter(([name]) => !name.startsWith(':'));
  return {
    method: call.method,
    url: new URL(call.path, `https://${headers[':authority']}`),
    headers: Object.fromEntries(own.map(([name, value]) => [name, String(value)])),
    body: call.body,
  };
}

/** Answers in gRPC what was answered in REST. */
export class GrpcReply implements Reply {
  readonly #grpc: GrpcTranscoding;
  readonly #stream: ServerHttp2Stream;
  readonly #path: string;
  readonly port: number | undefined;
  readonly connection: object;
  #rest: Buffer = Buffer.alloc(0);

  constructor(grpc: GrpcTranscoding, stream: ServerHttp2Stream, path: string) {
    this.#grpc = grpc;
    this.#stream = stream;
    this.#path = path;
    this.port = stream.session?.socket.remotePort;
    this.connection = stream.session ?? stream;
  }

  get closed(): boolean {
    return this.#stream.destroyed || this.#stream.closed;
  }

  onClose(listener: () => void): () => void {
    this.#stream.once('close', listener);
    return () => void this.#stream.off('close', listener);
  }

  send(answer: SimulatedResponse): void {
    endWith(this.#stream, this.#grpc.toGrpc(this.#path, answer), answer.headers);
  }

  async begin(answer: SimulatedResponse): Promise<void> {
    const { code, body } = this.#grpc.toGrpc(this.#path, answer);
    const frame = frameOf(body ?? Buffer.alloc(0));
    const half = Math.floor(frame.length / 2);
    this.#rest = frame.subarray(half);
    this.#respond({ code }, answer.headers);
    await new Promise<void>((resolve) => this.#stream.write(frame.subarray(0, half), () => resolve()));
  }

  finish(): void {
    this.#stream.end(this.#rest);
  }

  drop(): void {
    this.#stream.session?.destroy();
  }

  #respond(answer: GrpcAnswer, headers?: SimulatedResponse['headers']): void {
    this.#stream.respond(headOf(headers), { waitForTrailers: true });
    this.#stream.on('wantTrailers', () => this.#stream.sendTrailers(trailersOf(answer)));
  }
}

function endWith(stream: ServerHttp2Stream, answer: GrpcAnswer, headers?: SimulatedResponse['headers']): void {
  if (answer.code !== 0) return void stream.respond({ ...headOf(headers), ...trailersOf(answer) }, { endStream: true });
  stream.respond(headOf(headers), { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers(trailersOf(answer)));
  stream.end(frameOf(answer.body ?? Buffer.alloc(0)));
}

function headOf(headers: SimulatedResponse['headers'] = {}): OutgoingHttpHeaders {
  const { 'content-type': _, 'content-length': __, ...others } = headers;
  return { ...others, ':status': 200, 'content-type': CONTENT_TYPE };
}

function trailersOf({ code, message, details }: GrpcAnswer): OutgoingHttpHeaders {
  return {
    'grpc-status': String(code),
    ...(message === undefined ? {} : { 'grpc-message': percentEncode(message) }),
    ...(details === undefined ? {} : { 'grpc-status-details-bin': details.toString('base64') }),
  };
}

/** Printable ASCII stays as it is: clients decode no more than they have to. */
function percentEncode(message: string): string {
  return message.replace(/[^\x20-\x24\x26-\x7e]/gu, encodeURIComponent);
}

function frameOf(message: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}
