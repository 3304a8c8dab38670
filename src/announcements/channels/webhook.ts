import { isJsonObject, type JsonObject } from '../../model/json.ts';
import { cutText, type Message } from '../message.ts';

const LONGEST_VALUE = 2_000;
/** Of one text of a template, with all that is filled in: Discord refuses a message above it. */
const LONGEST_FILLED = 2_000;
/** No address is cut, nor a name: what is left would lead nowhere. */
const SHORTEST_CUT = 300;

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
  // A name at each odd place.
  const parts = template.split(/\{([a-z-]+)\}/g);
  const filled = parts.map((part, index) => {
    const name = index % 2 === 1 ? part : null;
    return name === null ? part : neutral((texts[name] ?? '').slice(0, LONGEST_VALUE));
  });
  return cutLongest(filled).join('');
}

/** The longest of what is filled in is cut: the cause, and not the address after it. */
function cutLongest(parts: string[]): readonly string[] {
  for (let excess = lengthOf(parts) - LONGEST_FILLED; excess > 0; excess = lengthOf(parts) - LONGEST_FILLED) {
    const lengths = parts.map((part, index) => (index % 2 === 1 ? part.length : 0));
    const longest = Math.max(...lengths);
    if (longest <= SHORTEST_CUT) break;
    const at = lengths.indexOf(longest);
    // Without the sign whose companion without width was cut off.
    parts[at] = cutText(parts[at]!, Math.max(SHORTEST_CUT, longest - excess)).replace(/[@<\]]…$/, '…');
  }
  return parts;
}

function lengthOf(parts: readonly string[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0);
}

/** Without width, between characters that a chat would otherwise read as a mention or a link with another text. */
const BETWEEN = '\u200b';

/** Text as it is written, in a chat whose markup is not known: no mention (`@here`, `<@1>`, `<!channel>`), no `[text](url)`. */
export function neutral(text: string): string {
  return text.toWellFormed().replace(/@(?=\S)|<(?=\S)|\](?=[([])/g, `$&${BETWEEN}`);
}
