import type http from 'node:http';

/** What a registry answers with to some requests; the others reach it. */
export interface Rule {
  readonly at: 'source' | 'destination';
  /** `METHOD part-of-the-address`; `*` is any method. */
  readonly match: string;
  readonly status?: number;
  /** `{self}` is the registry's own host. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** How often; absent: always. */
  readonly times?: number;
  /** The connection is closed instead of an answer. */
  readonly close?: boolean;
  /** The connection is closed after the body, which is shorter than announced. */
  readonly cut?: boolean;
  /** It comes while the body is being sent, and the connection is reset then. Of a layer that is too long to be sent at once. */
  readonly early?: boolean;
  /** Only without an Authorization header. */
  readonly unlessAuthorized?: boolean;
}

/** One row of rows.json. */
export interface AnswerRow {
  readonly when: string;
  /** To another registry, or to another repository of the same one. */
  readonly way: 'across' | 'mount';
  readonly rules: readonly Rule[];
  /** `copied`, or the code of our error and a part of what it says. */
  readonly ours: string;
}

type Intercept = (request: http.IncomingMessage, response: http.ServerResponse) => boolean;

/** Answers by the first rule that fits and isn't used up. `self`: host and port. */
export function answerWith(rules: readonly Rule[], self: string): Intercept {
  const used = new Map<Rule, number>();
  return (request, response) => {
    const rule = rules.find((one) => fits(one, request) && (used.get(one) ?? 0) < (one.times ?? Infinity));
    if (!rule) return false;
    used.set(rule, (used.get(rule) ?? 0) + 1);
    // Read first, unless it is about that: some clients see a broken connection instead of an answer that comes early.
    if (rule.early) answer(rule, { request, response, self });
    else request.resume().once('end', () => answer(rule, { request, response, self }));
    return true;
  };
}

function fits({ match, unlessAuthorized }: Rule, { method = '', url = '', headers }: http.IncomingMessage): boolean {
  const [wanted = '', part = ''] = match.split(' ');
  if (unlessAuthorized && headers.authorization !== undefined) return false;
  return (wanted === '*' || wanted === method) && url.includes(part);
}

interface Exchange {
  readonly request: http.IncomingMessage;
  readonly response: http.ServerResponse;
  readonly self: string;
}

function answer(
  { status = 200, headers = {}, body = '', close, cut, early }: Rule,
  { request, response, self }: Exchange,
) {
  if (close) return void request.socket.destroy();
  const named = Object.entries(headers).map(([name, value]) => [name, value.replace('{self}', self)] as const);
  response.writeHead(status, Object.fromEntries(named));
  if (cut) response.write(body, () => request.socket.destroy());
  else if (early) response.end(body, () => request.socket.resetAndDestroy());
  else response.end(request.method === 'HEAD' ? '' : body);
}
