import type { CancellableIo } from '../../io/io.ts';
import type { Channel } from '../../model/announcement.ts';
import type { Message } from '../message.ts';
import { post } from '../post.ts';
import { annotationAddress, annotationBody } from './grafana.ts';
import { slackBody } from './slack.ts';
import { webhookBody } from './webhook.ts';

const HINTS: Readonly<Record<Channel['kind'], string>> = {
  slack: 'Check that the webhook still exists, and that the secret has its whole URL.',
  webhook: 'Check that the webhook still exists, and that the secret has its whole URL.',
  grafana: 'Check the address, and that `token` is one of a service account that may write annotations.',
};

/** @throws DeployError that names neither the URL nor a part of it; the signal's reason */
export async function sendToChannel(channel: Channel, message: Message, context: CancellableIo): Promise<void> {
  const { kind, url, token } = channel;
  const address = kind === 'grafana' ? annotationAddress(url) : url;
  const headers = {
    'content-type': 'application/json; charset=utf-8',
    ...(token === null ? {} : { authorization: `Bearer ${token}` }),
  };
  const body = JSON.stringify(bodyFor(channel, message));
  await post({ url: address, headers, body, what: 'send the message', hint: HINTS[kind] }, context);
}

function bodyFor({ kind, body }: Channel, message: Message): object {
  if (kind === 'slack') return slackBody(message);
  return kind === 'grafana' ? annotationBody(message) : webhookBody(message, body);
}
