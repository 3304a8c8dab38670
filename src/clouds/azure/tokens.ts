import { bearerTokenAuthenticationPolicyName, type Pipeline } from '@azure/core-rest-pipeline';
import type { AccessToken, TokenCredential } from '@azure/identity';
import type { Io } from '../../io/io.ts';

/** Access tokens by scope, as long as they are good. */
export interface Tokens {
  get(scope: string): Promise<string>;
  /** A new one, from a login that remembers nothing: the last was refused. */
  renew(scope: string): Promise<string>;
}

/** Of tokens for Azure Resource Manager. */
export const ARM_SCOPE = 'https://management.azure.com/.default';

const RENEW_BEFORE_MS = 2 * 60_000;

/** `open` logs in again: a credential of the SDK keeps its tokens until they expire. */
export function openTokens(open: () => TokenCredential, { clock, log }: Pick<Io, 'clock' | 'log'>): Tokens {
  let credential = open();
  const known = new Map<string, Promise<AccessToken>>();
  const request = (scope: string): Promise<AccessToken> => {
    const requested = credential.getToken(scope).then((token) => {
      if (!token) throw new Error(`no token was returned for ${scope}`);
      log.mask(token.token);
      return token;
    });
    known.set(scope, requested);
    // The next request tries again; the rejection itself reaches the caller of this one.
    requested.catch(() => known.delete(scope));
    return requested;
  };
  return {
    async get(scope) {
      const token = await known.get(scope);
      const isGood = token && token.expiresOnTimestamp - RENEW_BEFORE_MS > clock.now();
      return (isGood ? token : await request(scope)).token;
    },
    async renew(scope) {
      credential = open();
      return (await request(scope)).token;
    },
  };
}

/**
 * Puts our tokens into a client's pipeline, in place of the SDK's own: those keep sending a token that Azure refuses, until it
 * would have expired.
 */
export function authenticate(pipeline: Pipeline, tokens: Tokens, scope: string): void {
  pipeline.removePolicy({ name: bearerTokenAuthenticationPolicyName });
  pipeline.addPolicy({
    name: 'deployAgentAuthentication',
    async sendRequest(request, next) {
      request.headers.set('authorization', `Bearer ${await tokens.get(scope)}`);
      const response = await next(request);
      if (response.status !== 401) return response;
      request.headers.set('authorization', `Bearer ${await tokens.renew(scope)}`);
      return await next(request);
    },
  });
}

/** For the constructors of clients that `authenticate` is called for. */
export const noCredential: TokenCredential = { getToken: async () => null };
