import { ensureAllowedHost, guardedLookup } from '../io/address-guard.ts';
import { type HttpResponse, readBody } from '../io/http.ts';
import type { CancellableIo } from '../io/io.ts';
import { retryTransient } from '../io/retry-transient.ts';
import { DeployError } from '../model/errors.ts';
import { visible } from '../model/visible.ts';

const TIMEOUT_MS = 4_000;
const MAX_BYTES = 65_536;
const LONGEST_ANSWER = 200;
const MAX_PAUSE_MS = 3_000;

export interface Post {
  /** Secret in whole or in part. */
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
  /** `send the message`. */
  readonly what: string;
  /** The next step where it is refused for good. */
  readonly hint: string;
}

/**
 * Sends something to where a user told us to, three times where the failure may pass. No redirect is followed.
 * @throws DeployError that names neither the URL nor a part of it; the signal's reason
 */
export async function post({ url, headers, body, what, hint }: Post, { io, signal }: CancellableIo): Promise<void> {
  ensureAllowedHost(url);
  const pauses = new WeakMap<object, number>();
  const attempt = async (): Promise<void> => {
    const response = await io.http.send({
      method: 'POST',
      url,
      headers: { 'user-agent': 'deploy-agent', ...headers },
      body,
      timeoutMs: TIMEOUT_MS,
      signal,
      lookup: guardedLookup,
    });
    const answer = await readBody(response, { maxBytes: MAX_BYTES, timeoutMs: TIMEOUT_MS });
    if (response.status >= 200 && response.status < 300) return;
    const refused = refusal(response, io.log.redact(answer.toString()), { what, hint });
    const seconds = Number(response.headers['retry-after']);
    if (Number.isFinite(seconds)) pauses.set(refused, Math.min(MAX_PAUSE_MS, Math.max(0, seconds * 1_000)));
    throw refused;
  };
  const retryAfterMs = (error: object): number | null => pauses.get(error) ?? null;
  await retryTransient(attempt, { tries: 3, firstDelayMs: 500, retryAfterMs }, { clock: io.clock, signal });
}

function refusal({ status }: HttpResponse, answer: string, { what, hint }: Pick<Post, 'what' | 'hint'>): DeployError {
  const said = visible(answer).replace(/\s+/g, ' ').trim().slice(0, LONGEST_ANSWER);
  const message = `could not ${what}: status ${status}${said ? `: ${said}` : ''}`;
  if (status === 429) return new DeployError('THROTTLED', message, { hint: 'It takes no more requests now.' });
  if (status >= 500) return new DeployError('NETWORK', message, { hint: 'The next run tells it again.' });
  return new DeployError('NOT_FOUND', message, { hint });
}
