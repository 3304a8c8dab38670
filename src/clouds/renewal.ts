import type { Clock } from '../io/clock.ts';
import type { ClusterAccess, ClusterCredentials } from './cluster-login.ts';

export interface Renewed {
  readonly credentials: ClusterCredentials;
  /** Milliseconds since 1970; Infinity: not known, or never. */
  readonly expiresAt: number;
}

/**
 * Credentials that end: they are got when they are first needed, again before they end, and when the server refused them.
 * Requests at the same time share one renewal. Where a renewal fails before the end, the old ones are given out until then.
 * @param renew may return the same object as before: there are no others. `isRefused`: a cache of its own is no good.
 */
export function openRenewal(
  renew: (isRefused: boolean) => Promise<Renewed>,
  { clock, beforeEndMs }: { readonly clock: Clock; readonly beforeEndMs: number },
): ClusterAccess['credentials'] {
  let known: Renewed | null = null;
  let pending: Promise<Renewed> | null = null;
  const share = (isRefused: boolean): Promise<Renewed> => {
    pending ??= renew(isRefused)
      .then((renewed) => {
        known = renewed;
        return renewed;
      })
      .finally(() => {
        pending = null;
      });
    return pending;
  };
  return async (refused) => {
    const before = known;
    const isUsable = (ms: number): boolean =>
      before !== null && before.credentials !== refused && clock.now() < before.expiresAt - ms;
    if (before && isUsable(beforeEndMs)) return before.credentials;
    try {
      return (await share(before !== null && before.credentials === refused)).credentials;
    } catch (error) {
      if (before && isUsable(0)) return before.credentials;
      throw error;
    }
  };
}

const ASK_AGAIN_AFTER_MS = 60_000;

/**
 * By tokens that a library keeps and renews: it is asked once a minute.
 * @param toCredentials called for each new token
 */
export function openTokenRenewal(
  getToken: (isRefused: boolean) => Promise<string>,
  toCredentials: (token: string) => ClusterCredentials,
  { clock }: { readonly clock: Clock },
): ClusterAccess['credentials'] {
  let last: { readonly token: string; readonly credentials: ClusterCredentials } | null = null;
  const renew = async (isRefused: boolean): Promise<Renewed> => {
    const token = await getToken(isRefused);
    last = last?.token === token ? last : { token, credentials: toCredentials(token) };
    return { credentials: last.credentials, expiresAt: clock.now() + ASK_AGAIN_AFTER_MS };
  };
  return openRenewal(renew, { clock, beforeEndMs: 0 });
}
