import type { IncomingMessage } from 'node:http';
import https from 'node:https';
import { buffer, text } from 'node:stream/consumers';
import { isObject, type JsonObject } from '../../simulators/json.ts';
import { type ApiAsk, type ApiReply, tokenOf } from '../../simulators/kubernetes-stage.ts';

const TIMEOUT_MS = 30_000;

/** Requests to a real API server, by users of its token file. */
export class RealApi {
  readonly #server: string;
  readonly #agent: https.Agent;

  constructor({ server, authority }: { readonly server: string; readonly authority: string }) {
    this.#server = server;
    this.#agent = new https.Agent({ ca: authority, keepAlive: true, maxSockets: 32 });
  }

  async send(
    path: string,
    { method = 'GET', body, patch = 'strategic-merge-patch+json', as = 'admin' }: ApiAsk = {},
  ): Promise<ApiReply> {
    const type = method === 'PATCH' ? `application/${patch}` : 'application/json';
    const bytes = body === undefined ? null : Buffer.from(JSON.stringify(body));
    // Node gives a DELETE no length of its own, and its body would then be read as the next request.
    const headers = bytes === null ? {} : { 'content-type': type, 'content-length': String(bytes.length) };
    const response = await this.#open(path, { method, as, headers, bytes });
    const answer = await text(response);
    const status = response.statusCode ?? 0;
    return { status, object: parseObject(answer), text: answer, warning: String(response.headers['warning'] ?? '') };
  }

  /** Calls back with each event until it ends or is closed. `onEnd` in any case. */
  async watch(path: string, onEvent: (event: JsonObject) => void, signal: AbortSignal): Promise<void> {
    const response = await this.#open(path, { method: 'GET', as: 'admin', headers: {}, signal });
    let rest = '';
    response.setEncoding('utf8');
    for await (const chunk of response as AsyncIterable<string>) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line !== '') onEvent(parseObject(line));
    }
  }

  /** As it comes, with its own login. */
  async pass(
    path: string,
    {
      method,
      headers,
      body,
    }: { readonly method: string; readonly headers: Readonly<Record<string, string>>; readonly body: Buffer },
  ): Promise<{ readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly body: Buffer }> {
    const response = await this.#open(path, { method, as: null, headers, bytes: body.length > 0 ? body : null });
    const answered = Object.entries(response.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : String(value),
    ]);
    return { status: response.statusCode ?? 0, headers: Object.fromEntries(answered), body: await buffer(response) };
  }

  close(): void {
    this.#agent.destroy();
  }

  #open(
    path: string,
    {
      method,
      as,
      headers,
      bytes,
      signal,
    }: {
      readonly method: string;
      readonly as: string | null;
      readonly headers: Readonly<Record<string, string>>;
      readonly bytes?: Buffer | null;
      readonly signal?: AbortSignal;
    },
  ): Promise<IncomingMessage> {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const request = https.request(`${this.#server}${path}`, {
      ...{
        method,
        agent: this.#agent,
        headers: {
          ...(as === null ? {} : { authorization: `Bearer ${tokenOf(as)}`, 'user-agent': 'stage/1' }),
          ...headers,
        },
      },
      ...(signal ? { signal } : { timeout: TIMEOUT_MS }),
    });
    request.on('timeout', () => request.destroy(new Error(`${method} ${path} wasn't answered in ${TIMEOUT_MS} ms`)));
    request.on('error', reject);
    request.on('response', resolve);
    request.end(bytes ?? undefined);
    return promise;
  }
}

function parseObject(answer: string): JsonObject {
  if (!answer.startsWith('{')) return {};
  const document: unknown = JSON.parse(answer);
  return isObject(document) ? document : {};
}
