import type http from 'node:http';
import { Readable } from 'node:stream';
import { type Http, type HttpRequest, openHttp } from '../../../../src/io/http.ts';
import { type FakeIo, fakeIo } from '../../../fixtures/fake-io.ts';

export interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export interface Wire {
  readonly io: FakeIo;
  readonly sent: HttpRequest[];
}

/** An outside world whose requests are answered here, below the unmodified SDK. */
export function openWire(answer: (request: HttpRequest, nth: number) => Answer): Wire {
  const sent: HttpRequest[] = [];
  const send: Http['send'] = async (request) => {
    sent.push(request);
    const { status = 200, headers = {}, body = {} } = answer(request, sent.length);
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    return { status, headers, body: Readable.from([Buffer.from(text)]) as unknown as http.IncomingMessage };
  };
  return { io: { ...fakeIo(), http: { ...openHttp({}), send } }, sent };
}
