import type { SimulatedResponse } from '../edge/host.ts';

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** The error document of the distribution spec. */
export function refuse(status: number, code: string, message: string, headers: Record<string, string> = {}): Answer {
  return answerJson(status, { errors: [{ code, message }] }, headers);
}

export function answerJson(status: number, document: unknown, headers: Record<string, string> = {}): Answer {
  return { status, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(document) };
}

/** A HEAD has the headers of its GET, its length too, and no body. */
export function toResponse(method: string, answer: Answer): SimulatedResponse {
  const body = answer.body ?? '';
  const headers = {
    'docker-distribution-api-version': 'registry/2.0',
    ...(answer.status === 204 ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
    ...answer.headers,
  };
  return method === 'HEAD' ? { status: answer.status, headers } : { status: answer.status, headers, body };
}
