import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { openFiles } from '../../../../src/io/files.ts';
import { openHttp } from '../../../../src/io/http.ts';
import type { Io } from '../../../../src/io/io.ts';

export type Body = Record<string, unknown>;
/** What is answered to an operation: JSON, or an error of AWS by name, or raw text. */
export type Answer = (body: Body) => Body | AwsError | string;

export class AwsError {
  readonly name: string;
  readonly message: string;
  constructor(name: string, message = name) {
    this.name = name;
    this.message = message;
  }
}

export interface Wire {
  readonly io: Io;
  /** Operations with their bodies, in the order in which they came. */
  readonly calls: { readonly operation: string; readonly body: Body; readonly authorization: string }[];
  readonly printed: string[];
  readonly masked: string[];
  /** Moves the clock that `io` carries. */
  time: number;
  close(): Promise<void>;
}

/** An AWS endpoint on the loopback that the unmodified SDK talks to. What is not in the table is denied. */
export async function openWire(answers: Record<string, Answer>): Promise<Wire> {
  const calls: Wire['calls'] = [];
  const server = http.createServer(async (request, response) => {
    const text = await readText(request);
    const target = request.headers['x-amz-target'];
    const operation = target ? (String(target).split('.')[1] ?? '') : (new URLSearchParams(text).get('Action') ?? '');
    const body = target ? (JSON.parse(text) as Body) : Object.fromEntries(new URLSearchParams(text));
    calls.push({ operation, body, authorization: request.headers.authorization ?? '' });
    respond(response, answers[operation]?.(body) ?? new AwsError('AccessDeniedException', 'denied'), Boolean(target));
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  process.env['AWS_ENDPOINT_URL'] = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  process.env['AWS_ACCESS_KEY_ID'] = 'AKIDEXAMPLE';
  process.env['AWS_SECRET_ACCESS_KEY'] = 'example';
  const wire: Wire = {
    calls,
    printed: [],
    masked: [],
    time: 0,
    io: null as unknown as Io,
    close: () => new Promise((resolve) => void server.close(() => resolve())),
  };
  return Object.assign(wire, { io: openTestIo(wire) });
}

async function readText(request: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

function respond(response: http.ServerResponse, answer: Body | AwsError | string, isJson: boolean): void {
  if (answer instanceof AwsError) {
    const { name, message } = answer;
    const xml = `<ErrorResponse><Error><Type>Sender</Type><Code>${name}</Code><Message>${message}</Message></Error></ErrorResponse>`;
    response.writeHead(400, {
      'content-type': isJson ? 'application/x-amz-json-1.1' : 'text/xml',
      connection: 'close',
    });
    response.end(isJson ? JSON.stringify({ __type: name, message }) : xml);
    return;
  }
  response.writeHead(200, { 'content-type': isJson ? 'application/x-amz-json-1.1' : 'text/xml', connection: 'close' });
  response.end(typeof answer === 'string' ? answer : JSON.stringify(answer));
}

function openTestIo(wire: Wire): Io {
  const print = (message: string): void => void wire.printed.push(message);
  return {
    clock: {
      now: () => wire.time,
      sleep: async (ms) => {
        wire.time += ms;
      },
    },
    http: openHttp({}),
    files: openFiles({}),
    exec: { run: async () => ({ exitCode: 127, stdout: '' }) },
    log: {
      info: print,
      exact: print,
      debug: print,
      notice: print,
      warning: (message) => print(`warning: ${message}`),
      error: print,
      foreign: (lines) => void wire.printed.push(...lines),
      hide: () => {},
      maskValues: () => {},
      redact: (text) => text,
      warnings: () => [],
      close: () => {},
      mask: (secret) => void wire.masked.push(secret),
      group: (_title, body) => body(),
    },
    state: { save: () => {}, read: () => '' },
    env: {},
  };
}
