import * as z from 'zod';
import type { Clock } from '../io/clock.ts';
import { type Http, type HttpRequest, type HttpResponse, readBody } from '../io/http.ts';
import { DeployError } from '../model/errors.ts';
import { tryParseJson } from '../model/json.ts';
import { isIdentityToken, type RegistryCredentials, type RegistryTraits } from '../model/keychain.ts';
import { explainWrongAnswer, WrongAnswer } from '../model/wrong-answer.ts';
import { basicHeader } from './basic-header.ts';
import { PLAIN_HEADERS } from './plain-headers.ts';
import { type Refusal, RegistryError, readRefusal } from './registry-error.ts';
import { hintFor } from './registry-hints.ts';
import { lookupFor } from './token-realm.ts';

export interface Token {
  /** Value of the Authorization header. */
  readonly header: string;
  readonly secret: string;
  /** From then on a new one is fetched first. */
  readonly staleAt: number;
  readonly lifetimeMs: number;
}

export interface TokenRequest {
  readonly registry: string;
  /** Checked: it is safe to send credentials there. */
  readonly realm: URL;
  readonly service: string | null;
  readonly scopes: readonly string[];
  readonly credentials: RegistryCredentials | null;
  readonly traits?: RegistryTraits | null;
}

// https://distribution.github.io/distribution/spec/auth/token/ : a token without expires_in lives for 60 s.
const DEFAULT_LIFETIME_S = 60;
const MAX_MARGIN_MS = 60_000;
const tokenDocument = z.object({
  token: z.string().nullish(),
  access_token: z.string().nullish(),
  expires_in: z.number().positive().optional().catch(undefined),
});

/** @throws DeployError AUTH_FAILED that names the registry; NETWORK or THROTTLED may pass. */
export async function fetchToken(
  request: TokenRequest,
  io: { readonly http: Http; readonly clock: Clock; readonly signal: AbortSignal },
): Promise<Token> {
  const { credentials } = request;
  const askedAt = io.clock.now();
  const identityToken = credentials && isIdentityToken(credentials) ? credentials.password : null;
  const sent = credentials && identityToken === null ? basicHeader(credentials) : null;
  const response = await io.http.send({
    ...(identityToken === null ? questionOf(request, sent) : exchangeOf(request, identityToken)),
    timeoutMs: 30_000,
    signal: io.signal,
    lookup: lookupFor(request.realm, request.registry),
  });
  if (response.status !== 200)
    throw toLoginError(
      request,
      await readRefusal(response, askedAt, identityToken === null ? sent : `Bearer ${identityToken}`),
    );
  return await readToken(response, request, askedAt);
}

type Question = Pick<HttpRequest, 'method' | 'url' | 'headers' | 'body'>;

const HEADERS = { ...PLAIN_HEADERS, accept: 'application/json' };

function questionOf({ realm, service, scopes }: TokenRequest, authorization: string | null): Question {
  const url = new URL(realm);
  if (service !== null) url.searchParams.set('service', service);
  for (const scope of scopes) url.searchParams.append('scope', scope);
  return { method: 'GET', url, headers: { ...HEADERS, ...(authorization === null ? {} : { authorization }) } };
}

/** https://distribution.github.io/distribution/spec/auth/oauth/ */
function exchangeOf({ realm, service, scopes }: TokenRequest, identityToken: string): Question {
  const form = new URLSearchParams({ grant_type: 'refresh_token', client_id: 'deploy-agent', scope: scopes.join(' ') });
  if (service !== null) form.set('service', service);
  form.set('refresh_token', identityToken);
  const headers = { ...HEADERS, 'content-type': 'application/x-www-form-urlencoded' };
  return { method: 'POST', url: realm, headers, body: form.toString() };
}

function toLoginError(request: TokenRequest, refusal: Refusal): DeployError {
  const anonymous = request.credentials === null;
  const { registry, traits = null } = request;
  const writes = request.scopes.some((scope) => scope.includes('push'));
  const call = { what: `log in to ${registry}`, registry, writes, anonymous, traits };
  const error = new RegistryError(call, refusal);
  if (error.retryable || error.code === 'AUTH_FAILED') return error;
  // A token service says 400, 403 or 404 to a wrong password too.
  const hint = hintFor('AUTH_FAILED', call, '');
  return new DeployError('AUTH_FAILED', error.message, { cause: error, hint });
}

async function readToken(response: HttpResponse, request: TokenRequest, askedAt: number): Promise<Token> {
  const body = await readBody(response, { maxBytes: 262_144, timeoutMs: 30_000 });
  const document = tokenDocument.safeParse(tryParseJson(body.toString()));
  const secret = document.data?.token || document.data?.access_token;
  // A header takes no line break and no control character.
  if (!document.success || !secret || !/^[\x21-\x7e]+$/.test(secret)) {
    const wrong = new WrongAnswer('its token service sent no token', request.realm.host);
    throw explainWrongAnswer(wrong, `log in to ${request.registry}`);
  }
  const lifetimeMs = (document.data.expires_in ?? DEFAULT_LIFETIME_S) * 1000;
  const staleAt = askedAt + lifetimeMs - Math.min(MAX_MARGIN_MS, lifetimeMs / 2);
  return { header: `Bearer ${secret}`, secret, staleAt, lifetimeMs };
}
