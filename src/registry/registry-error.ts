import { z } from 'zod';
import { type HttpResponse, readBody } from '../io/http.ts';
import { DeployError, type ErrorCode, isTransient } from '../model/errors.ts';

/** What a registry said when it refused. `retryAfterMs`: what it asked for; null: nothing. */
export interface Refusal {
  readonly status: number;
  /** Codes of the distribution spec: `NAME_UNKNOWN`, `DENIED`. */
  readonly codes: readonly string[];
  /** Foreign text, one line, cut short. */
  readonly text: string;
  readonly retryAfterMs: number | null;
}

export interface RefusedCall {
  /** Completes "could not …": `push blob sha256:… to ghcr.io/acme/agent`. */
  readonly what: string;
  readonly registry: string;
  readonly writes: boolean;
  /** True: no credentials were sent. */
  readonly anonymous: boolean;
}

export class RegistryError extends DeployError {
  readonly refusal: Refusal;
  /** True: the same request may work later, or with a fresh token. */
  readonly retryable: boolean;

  constructor(call: RefusedCall, refusal: Refusal, options: { readonly tokenRenewed?: boolean } = {}) {
    const code = classify(refusal);
    const said = [refusal.codes[0], refusal.text].filter((part) => part !== undefined && part !== '').join(': ');
    const hint = hintFor(code, call);
    super(code, `could not ${call.what}: ${refusal.status}${said === '' ? '' : ` ${said}`}`, hint ? { hint } : {});
    this.refusal = refusal;
    this.retryable = isTransient(this) || options.tokenRenewed === true;
  }
}

const MAX_ERROR_BYTES = 65_536;
const MAX_TEXT = 300;
const errorDocument = z.object({
  errors: z.array(z.object({ code: z.string().max(100).catch(''), message: z.string().catch('') })).min(1),
});

/** Reads the whole answer. */
export async function readRefusal(response: HttpResponse, now: number): Promise<Refusal> {
  const body = await readBody(response, { maxBytes: MAX_ERROR_BYTES, timeoutMs: 10_000 }).catch(() => Buffer.alloc(0));
  const retryAfterMs = parseRetryAfter(response.headers['retry-after'], now);
  return { status: response.status, retryAfterMs, ...parseErrorBody(body.toString(), response) };
}

function parseErrorBody(body: string, response: HttpResponse): Pick<Refusal, 'codes' | 'text'> {
  const document = errorDocument.safeParse(tryParseJson(body));
  if (document.success) {
    const { errors } = document.data;
    return { codes: errors.map(({ code }) => oneLine(code)), text: oneLine(errors[0]!.message) };
  }
  const isPage = (response.headers['content-type'] ?? '').includes('html');
  return { codes: [], text: isPage ? '' : oneLine(body) };
}

function tryParseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim().slice(0, MAX_TEXT);
}

/** Seconds or a date: RFC 9110 10.2.3. */
export function parseRetryAfter(header: string | undefined, now: number): number | null {
  if (header === undefined) return null;
  if (/^\d{1,9}$/.test(header.trim())) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}

function classify({ status, codes, text }: Refusal): ErrorCode {
  if (status === 429 || codes.includes('TOOMANYREQUESTS')) return 'THROTTLED';
  if (status >= 500 || status === 408) return 'NETWORK';
  // Some registries answer an expired login with 400 or 403 instead of 401 and a challenge.
  if (/authorization token/i.test(text)) return 'AUTH_FAILED';
  if (codes.includes('DENIED') || status === 403) return 'PERMISSION_DENIED';
  if (status === 401) return 'AUTH_FAILED';
  if (codes.includes('MANIFEST_UNKNOWN')) return 'IMAGE_NOT_FOUND';
  if (codes.includes('NAME_UNKNOWN') || status === 404) return 'NOT_FOUND';
  return 'REGISTRY_FAILED';
}

function hintFor(code: ErrorCode, call: RefusedCall): string | null {
  const login = `Log in to ${call.registry} before this step (docker/login-action), or set registry-username and registry-password.`;
  if (code === 'AUTH_FAILED')
    return call.anonymous ? login : `Check the credentials for ${call.registry}: they were refused.`;
  if (code === 'PERMISSION_DENIED' && call.anonymous) return login;
  if (code === 'PERMISSION_DENIED') {
    return `Check that the repository exists, and allow these credentials to ${call.writes ? 'push to' : 'pull from'} it.`;
  }
  if (code === 'NOT_FOUND' && call.writes)
    return `Create the repository in ${call.registry} first, or correct its name.`;
  if (code === 'NOT_FOUND') return 'Check the name of the repository.';
  if (code === 'THROTTLED') return 'Wait and run again, or raise the rate limit of the registry.';
  return null;
}
