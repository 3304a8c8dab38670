import { ensureAllowedHost, guardedLookup } from '../../io/address-guard.ts';
import { type HttpResponse, readBody } from '../../io/http.ts';
import type { CancellableIo } from '../../io/io.ts';
import { retryTransient } from '../../io/retry-transient.ts';
import type { Channel } from '../../model/announcement.ts';
import { DeployError } from '../../model/errors.ts';
import { visible } from '../../model/visible.ts';
import type { Message } from '../message.ts';
import { slackBody } from './slack.ts';
import { webhookBody } from './webhook.ts';

const TIMEOUT_MS = 4_000;
const MAX_BYTES = 65_536;
const LONGEST_ANSWER = 200;
const MAX_PAUSE_MS = 3_000;

/** @throws DeployError that names neither the URL nor a part of it; the signal's reason */
export async function sendToChannel(channel: Channel, message: Message, { io, signal }: CancellableIo): Promise<void> {
  ensureAllowedHost(channel.url);
  const body = JSON.stringify(channel.kind === 'slack' ? slackBody(message) : webhookBody(message, channel.body));
  const pauses = new WeakMap<object, number>();
  const attempt = async (): Promise<void> => {
    const response = await io.http.send({
      method: 'POST',
      url: channel.url,
      headers: { 'content-type': 'application/json; charset=utf-8', 'user-agent': 'deploy-agent' },
      body,
      timeoutMs: TIMEOUT_MS,
      signal,
      lookup: guardedLookup,
    });
    const answer = await readBody(response, { maxBytes: MAX_BYTES, timeoutMs: TIMEOUT_MS });
    if (response.status >= 200 && response.status < 300) return;
    const refused = refusal(response, io.log.redact(answer.toString()));
    const seconds = Number(response.headers['retry-after']);
    if (Number.isFinite(seconds)) pauses.set(refused, Math.min(MAX_PAUSE_MS, Math.max(0, seconds * 1_000)));
    throw refused;
  };
  const retryAfterMs = (error: object): number | null => pauses.get(error) ?? null;
  await retryTransient(attempt, { tries: 3, firstDelayMs: 500, retryAfterMs }, { clock: io.clock, signal });
}

function refusal({ status }: HttpResponse, answer: string): DeployError {
  const said = visible(answer).replace(/\s+/g, ' ').trim().slice(0, LONGEST_ANSWER);
  const message = `could not send the message: status ${status}${said ? `: ${said}` : ''}`;
  if (status === 429) return new DeployError('THROTTLED', message, { hint: 'The channel takes no more messages now.' });
  if (status >= 500) return new DeployError('NETWORK', message, { hint: 'The next run tells it again.' });
  const hint = 'Check that the webhook still exists, and that the secret has its whole URL.';
  return new DeployError('NOT_FOUND', message, { hint });
}
