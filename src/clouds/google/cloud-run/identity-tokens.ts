import type { AuthClient } from 'google-auth-library';
import { describeGap, readOptional } from '../../../io/read-optional.ts';
import { DeployError } from '../../../model/errors.ts';
import { joinSentences } from '../../../model/sentences.ts';
import { readTokenExpiry } from '../../../model/token-expiry.ts';
import type { Identity } from '../credentials.ts';
import { explainErrors } from '../errors.ts';
import { type RunService, sayOnce } from './service.ts';

const RENEW_BEFORE_MS = 5 * 60_000;

/** Tells a service who calls it. null: no token can be made; that is printed once. */
export type FindIdentityToken = (audience: string) => Promise<string | null>;

/** Tokens live for an hour; each is used until shortly before its end. */
export function openIdentityTokens(run: RunService): FindIdentityToken {
  const known = new Map<string, { readonly token: string; readonly expiresAt: number }>();
  let isImpossible = false;
  return async (audience) => {
    const found = known.get(audience);
    if (found && run.io.clock.now() < found.expiresAt - RENEW_BEFORE_MS) return found.token;
    if (isImpossible) return null;
    const token = await tryMake(run, audience);
    if (token === null) isImpossible = true;
    else known.set(audience, { token, expiresAt: readTokenExpiry(token) });
    return token;
  };
}

async function tryMake(run: RunService, audience: string): Promise<string | null> {
  const { identity } = run.credentials;
  if (identity.kind === 'none') return sayWithout(run, identity.why);
  const tell = (error: DeployError): void => void sayWithout(run, describeGap(error));
  const token = await readOptional(() => make(identity, audience), { without: 'any', tell });
  if (token !== null) run.io.log.mask(token);
  return token;
}

async function make(identity: Exclude<Identity, { kind: 'none' }>, audience: string): Promise<string> {
  const call = { what: 'get an identity token', permission: 'iam.serviceAccounts.getOpenIdToken' };
  if (identity.kind === 'key') return await explainErrors(call, () => identity.client.fetchIdToken(audience));
  return await explainErrors(call, () => generate(identity.client, identity.serviceAccount, audience));
}

/**
 * With the federated token itself: it needs roles/iam.workloadIdentityUser only. With the account's own token the account
 * would have to be a token creator of itself; and the library's getIdTokenClient throws for a federated identity.
 * https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/generateIdToken
 */
async function generate(client: AuthClient, serviceAccount: string, audience: string): Promise<string> {
  const { data } = await client.request<{ readonly token?: unknown }>({
    method: 'POST',
    url: `https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/${serviceAccount}:generateIdToken`,
    data: { audience, includeEmail: true },
    responseType: 'json',
  });
  if (typeof data?.token === 'string' && /^[\x21-\x7e]+$/.test(data.token)) return data.token;
  throw new DeployError('AUTH_FAILED', 'could not get an identity token: the answer holds none', {
    hint: 'Check what answers for Google between the runner and Google (a proxy), then run again.',
  });
}

function sayWithout(run: RunService, why: string): null {
  const gap = `Smoke tests are sent without an identity token: ${why}`;
  sayOnce(run, 'info', joinSentences(gap, 'A service that only known callers may invoke answers 401 or 403.'));
  return null;
}
