import type { SimulatedHost, SimulatedRequest, SimulatedResponse } from './edge/host.ts';
import { isObject, type Json, type JsonObject, objectsAt, textAt } from './json.ts';

const MAX_BLOCKS = 50;
const MAX_SECTION = 3_000;
const MAX_HEADER = 150;

/** An incoming webhook of Slack, and one of another chat that takes any JSON, at secret addresses. */
export class ChatWebhooks implements SimulatedHost {
  readonly slackUrl = 'https://hooks.slack.com/services/T00000001/B00000002/simulatedSecret0123456789';
  readonly otherUrl = 'https://chat.example/api/webhooks/1234567890/simulatedToken9876543210?wait=true';
  readonly slack: JsonObject[] = [];
  readonly other: JsonObject[] = [];

  serves(hostname: string): boolean {
    return ['hooks.slack.com', 'chat.example'].includes(hostname.toLowerCase());
  }

  nameCall({ url }: SimulatedRequest): { readonly operation: string; readonly mutates: boolean } {
    return { operation: url.hostname === 'chat.example' ? 'chat:Post' : 'slack:Post', mutates: true };
  }

  handle({ method, url, body }: SimulatedRequest): SimulatedResponse {
    if (method !== 'POST') return { status: 405 };
    const document = readJson(body);
    if (!document) return { status: 400, body: 'invalid_payload' };
    if (url.href === this.otherUrl) {
      this.other.push(document);
      return { status: 200, body: '{}' };
    }
    if (url.href !== this.slackUrl) return { status: 404, body: 'no_service' };
    const wrong = findWrong(document);
    if (wrong) return { status: 400, body: wrong };
    this.slack.push(document);
    return { status: 200, body: 'ok' };
  }
}

/** What Slack refuses: https://docs.slack.dev/reference/block-kit/blocks */
function findWrong(document: JsonObject): string | null {
  const blocks = objectsAt(document, 'blocks');
  if (textAt(document, 'text') === '' && blocks.length === 0) return 'no_text';
  if (blocks.length > MAX_BLOCKS) return 'invalid_blocks';
  const isGood = blocks.every((block) => {
    const [type, kind, text] = [textAt(block, 'type'), textAt(block, 'text', 'type'), textAt(block, 'text', 'text')];
    if (type === 'header') return kind === 'plain_text' && text.length >= 1 && text.length <= MAX_HEADER;
    if (type === 'section') return text.length >= 1 && text.length <= MAX_SECTION;
    const elements = objectsAt(block, 'elements');
    return (
      type === 'context' &&
      elements.length >= 1 &&
      elements.length <= 10 &&
      elements.every((one) => textAt(one, 'text').length <= MAX_SECTION)
    );
  });
  return isGood ? null : 'invalid_blocks';
}

function readJson(body: Buffer): JsonObject | null {
  try {
    const parsed = JSON.parse(body.toString()) as Json;
    return isObject(parsed) ? parsed : null;
  } catch {
    return null;
  }
}
