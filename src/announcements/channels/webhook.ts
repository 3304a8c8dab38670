import { isJsonObject, type JsonObject } from '../../model/json.ts';
import type { Message } from '../message.ts';

const LONGEST_VALUE = 2_000;

/** What docs/notifications.md describes: all texts as one JSON document, or a template with texts filled in. */
export function webhookBody({ mark, texts }: Message, template: JsonObject | null): object {
  if (template) return fill(template, { ...texts, headline: `${mark} ${texts.headline}` }) as object;
  const members = Object.entries(texts).map(([name, text]) => [camelCase(name), text === '' ? null : text]);
  return { version: 1, ...Object.fromEntries(members) };
}

function camelCase(name: string): string {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** Each placeholder once: a text that looks like one is not filled in again. */
function fill(value: unknown, texts: Readonly<Record<string, string>>): unknown {
  if (typeof value === 'string') return fillText(value, texts);
  if (Array.isArray(value)) return value.map((member) => fill(member, texts));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, fill(member, texts)]));
}

function fillText(template: string, texts: Readonly<Record<string, string>>): string {
  return template.replace(/\{([a-z-]+)\}/g, (_, name: string) => neutral((texts[name] ?? '').slice(0, LONGEST_VALUE)));
}

/** Without width, between characters that a chat would otherwise read as a mention or a link with another text. */
const BETWEEN = '\u200b';

/** Text as it is written, in a chat whose markup is not known: no mention (`@here`, `<@1>`, `<!channel>`), no `[text](url)`. */
export function neutral(text: string): string {
  return text.toWellFormed().replace(/@(?=\S)|<(?=\S)|\](?=[([])/g, `$&${BETWEEN}`);
}
