import { cutText, type Message } from '../message.ts';

// https://docs.slack.dev/reference/block-kit/blocks and …/composition-objects/text-object
const LONGEST_HEADER = 150;
const LONGEST_SECTION = 3_000;

interface Block {
  readonly type: string;
  readonly [name: string]: unknown;
}

/**
 * A message of Slack's Block Kit. Text from outside is `plain_text`, in which Slack reads no mention, link or formatting.
 * Links are ours.
 */
export function slackBody({ mark, texts }: Message): object {
  const title = `${mark} ${texts.headline}`;
  const facts = [
    texts.resource && `Service: ${texts.resource}`,
    texts.image && `Image: ${texts.image}`,
    describeRevisions(texts),
    describeOrigin(texts),
  ].filter(Boolean);
  const blocks: Block[] = [
    { type: 'header', text: plain(title, LONGEST_HEADER) },
    ...section(texts.cause),
    ...section(texts['next-step'] && `Next step: ${texts['next-step']}`),
    ...section(facts.join('\n')),
    ...linksBlock(texts),
  ];
  // What a notification shows. Slack reads markup in it.
  return { text: escapeSlack(cutText(title, LONGEST_HEADER)), blocks, unfurl_links: false, unfurl_media: false };
}

function describeRevisions(texts: Message['texts']): string {
  if (texts.revision === '') return '';
  const before = texts['previous-revision'];
  return before && before !== texts.revision
    ? `Revision: ${before} -> ${texts.revision}`
    : `Revision: ${texts.revision}`;
}

function describeOrigin({ repository, commit, actor, 'commit-message': subject }: Message['texts']): string {
  const what = [repository, commit.slice(0, 7), subject && `“${subject}”`].filter(Boolean).join(' ');
  return `${what}${actor && ` by ${actor}`}`;
}

function section(text: string): readonly Block[] {
  return text.trim() === '' ? [] : [{ type: 'section', text: plain(text, LONGEST_SECTION) }];
}

function plain(text: string, length: number) {
  return { type: 'plain_text', text: cutText(text, length), emoji: false };
}

function linksBlock(texts: Message['texts']): readonly Block[] {
  const links = [
    link('Log', texts['run-url']),
    link('Service', texts.url),
    link('Preview', texts['preview-url']),
    link('Console', texts['console-url']),
  ].filter(Boolean);
  const text = cutText(links.join(' · '), LONGEST_SECTION);
  return text === '' ? [] : [{ type: 'context', elements: [{ type: 'mrkdwn', text, verbatim: true }] }];
}

/** `''` for what is no address of the web. */
function link(name: string, address: string): string {
  const url = URL.parse(address);
  const isShort = address.length <= 700;
  return url && isShort && /^https?:$/.test(url.protocol)
    ? `<${escapeSlack(url.href).replaceAll('|', '%7C')}|${name}>`
    : '';
}

/** https://docs.slack.dev/messaging/formatting-message-text#escaping */
export function escapeSlack(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
