import * as z from 'zod';
import { type HttpResponse, readBody } from '../io/http.ts';
import { DeployError, type ErrorCode, isTransient } from '../model/errors.ts';
import { tryParseJson } from '../model/json.ts';
import { redact } from '../model/redact.ts';
import { parseRetryAfter } from '../model/retry-after.ts';
import { hintFor, type RefusedCall } from './registry-hints.ts';

/** What a registry answered when it refused. `retryAfterMs`: from its Retry-After; null: it sent none. */
export interface Refusal {
  readonly status: number;
  /** Codes of the distribution spec: `NAME_UNKNOWN`, `DENIED`. */
  readonly codes: readonly string[];
  /** Foreign text, one line, cut short. */
  readonly text: string;
  readonly retryAfterMs: number | null;
}

export class RegistryError extends DeployError {
  readonly refusal: Refusal;
  /** True: the same request may work later, or with a fresh token. */
  readonly retryable: boolean;

  constructor(call: RefusedCall, refusal: Refusal, options: { readonly tokenRenewed?: boolean } = {}) {
    const code = classify(refusal);
    const said = [refusal.codes[0], refusal.text].filter((part) => part !== undefined && part !== '').join(': ');
    const hint = refusal.status === 413 ? TOO_LARGE : hintFor(code, call, refusal.text);
    const tried = call.tried && call.tried.length > 1 ? `; tried: ${call.tried.join(', ')}` : '';
    super(code, `could not ${call.what}: ${refusal.status}${said === '' ? '' : ` ${said}`}${tried}`, { hint });
    this.refusal = refusal;
    this.retryable = isTransient(this) || options.tokenRenewed === true;
  }
}

const TOO_LARGE =
  'A proxy in front of the registry limits the length of a request: raise its limit (client_max_body_size of nginx, say), or push to an address that does not pass it.';
const MAX_ERROR_BYTES = 65_536;
const MAX_TEXT = 300;
const SHORTEST_SECRET = 4;
const errorDocument = z.object({
  errors: z.array(z.object({ code: z.string().max(100).catch(''), message: z.string().catch('') })).min(1),
});

/** Reads the whole answer. `sent`: the Authorization header that it is the answer to; some servers repeat it. */
export async function readRefusal(response: HttpResponse, now: number, sent: string | null = null): Promise<Refusal> {
  const body = await readBody(response, { maxBytes: MAX_ERROR_BYTES, timeoutMs: 10_000 }).catch(() => Buffer.alloc(0));
  const retryAfterMs = parseRetryAfter(response.headers['retry-after'], now, response.headers.date);
  return { status: response.status, retryAfterMs, ...parseErrorBody(redact(body.toString(), secretsIn(sent))) };
}

/** What an Authorization header gives away: its token, and the password in it where it is one. */
function secretsIn(authorization: string | null): readonly string[] {
  const [, scheme = '', token = ''] = /^(\S+) +(\S+)$/.exec(authorization ?? '') ?? [];
  const login = scheme.toLowerCase() === 'basic' ? Buffer.from(token, 'base64').toString() : '';
  const password = login.slice(login.indexOf(':') + 1);
  // A very short one would black out ordinary words.
  return [token, login, password].filter((secret) => secret.length >= SHORTEST_SECRET);
}

/** Only what is meant for people is kept of a document: its other fields may hold a token or a signature. */
function parseErrorBody(body: string): Pick<Refusal, 'codes' | 'text'> {
  const json = tryParseJson(body);
  const document = errorDocument.safeParse(json);
  if (document.success) {
    const { errors } = document.data;
    return { codes: errors.map(({ code }) => oneLine(code)), text: oneLine(errors[0]!.message) };
  }
  if (typeof json === 'object' && json !== null) return { codes: [], text: oneLine(findMessage(json)) };
  const isText = !/^\s*[<{[]/.test(body);
  if (isText) return { codes: [], text: oneLine(body) };
  // The storage behind a registry says it in XML, beside the signature that it did not like.
  const code = /<Code>([A-Za-z]{1,100})<\/Code>/.exec(body)?.[1];
  return { codes: code === undefined ? [] : [code], text: '' };
}

/** Token services say it under many names: `details` is Docker Hub's. */
function findMessage(document: object): string {
  const said = Object.entries(document).find(
    ([name, value]) => /^(message|details?|error_description|error)$/i.test(name) && typeof value === 'string',
  );
  return said ? String(said[1]) : '';
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim().slice(0, MAX_TEXT);
}

function classify({ status, codes, text }: Refusal): ErrorCode {
  if (status === 429 || codes.includes('TOOMANYREQUESTS')) return 'THROTTLED';
  // A status of success that no registry gives to this request comes from a proxy.
  if (status >= 500 || status === 408 || (status >= 200 && status < 300)) return 'NETWORK';
  // Some registries answer an expired login with 400 or 403 instead of 401 and a challenge.
  if (/authorization token/i.test(text)) return 'AUTH_FAILED';
  if (codes.includes('DENIED') || status === 403) return 'PERMISSION_DENIED';
  if (status === 401) return 'AUTH_FAILED';
  if (codes.includes('MANIFEST_UNKNOWN')) return 'IMAGE_NOT_FOUND';
  if (codes.includes('NAME_UNKNOWN') || status === 404) return 'NOT_FOUND';
  return 'REGISTRY_FAILED';
}
