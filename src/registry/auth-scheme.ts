import type { Clock } from '../io/clock.ts';
import type { Http } from '../io/http.ts';
import { parseChallenges } from './challenge.ts';
import { PLAIN_HEADERS } from './plain-headers.ts';
import { registryUrl } from './registry-address.ts';
import { RegistryError, readRefusal } from './registry-error.ts';
import type { TokenRealms } from './token-realm.ts';

/** How a registry wants to be logged in to. */
export type AuthScheme =
  | { readonly kind: 'none' }
  | { readonly kind: 'basic' }
  | {
      readonly kind: 'bearer';
      readonly realm: URL;
      readonly service: string | null;
      readonly scopes: readonly string[];
    };

export const NO_SCHEME: AuthScheme = { kind: 'none' };

export interface SchemeQuestion {
  readonly http: Http;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly realms: TokenRealms;
}

/** As the registry answers to a request without authorization. @throws RegistryError that may pass */
export async function askForScheme(
  registry: string,
  { http, clock, signal, realms }: SchemeQuestion,
): Promise<AuthScheme> {
  const response = await http.send({
    method: 'GET',
    url: registryUrl(registry),
    headers: PLAIN_HEADERS,
    timeoutMs: 30_000,
    signal,
  });
  const refusal = await readRefusal(response, clock.now());
  // A registry that asks for no login.
  if (refusal.status < 300) return NO_SCHEME;
  if (refusal.status === 401) {
    const scheme = chooseScheme(response.headers['www-authenticate'] ?? '', registry, realms);
    // Of no repository: ghcr.io names a placeholder here, and a token service may refuse a scope that it doesn't know.
    return scheme.kind === 'bearer' ? { ...scheme, scopes: [] } : scheme;
  }
  const call = { what: `reach ${registry}`, registry, writes: false, anonymous: true };
  const error = new RegistryError(call, refusal);
  // Whatever else it says here, the real request tells more.
  if (error.retryable) throw error;
  return NO_SCHEME;
}

/**
 * From a WWW-Authenticate header that the registry itself sent: tokens where they are offered.
 * @throws DeployError REGISTRY_FAILED for a token service that is not safe to send credentials to
 */
export function chooseScheme(header: string, registry: string, realms: TokenRealms): AuthScheme {
  const challenges = parseChallenges(header);
  const offers = challenges.filter(({ scheme }) => scheme === 'bearer').map(({ parameters }) => parameters);
  // One without a realm only says what was wrong with a token.
  const usable = offers.find((parameters) => parameters.has('realm'));
  if (!usable && challenges.some(({ scheme }) => scheme === 'basic')) return { kind: 'basic' };
  const bearer = usable ?? offers[0];
  if (!bearer) return { kind: 'none' };
  const realm = realms.admit(registry, bearer.get('realm') ?? '');
  const scopes = (bearer.get('scope') ?? '').split(' ').filter((scope) => scope !== '');
  return { kind: 'bearer', realm, service: bearer.get('service') ?? null, scopes };
}
