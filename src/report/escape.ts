import { visible } from '../model/visible.ts';

/**
 * Text from outside as it is written, in a table cell or a paragraph: no HTML, link, mention, list, heading or new line.
 * GitHub makes mentions, references, emoji and formulas from the finished text, where an escape is already resolved, so a
 * character without width comes between there, or an element without text where the text may be copied: of a commit.
 */
export function escapeMarkdown(text: string): string {
  return escapeText(text)
    .replace(COMMIT, `$&${APART}`)
    .replace(/&#36;/g, `$&${APART}`)
    .replaceAll(APART, '<span></span>');
}

/** Within a link: GitHub makes no other one there. */
function escapeText(text: string): string {
  return visible(text)
    .replace(/[\n\t]+/g, ' ')
    .replace(MADE_LATER, `$&${BETWEEN}`)
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/[\\`*_{}[\]#+!|~@$]|:(?=\/\/)|(?<=www)\.|^[-=]|(?<=^ *\d+)[.)]|^ | $/gi, encode)
    .replaceAll(BETWEEN, '&#8203;');
}

/** `@name` and `name@host.tld`, `#12`, `GH-12`, `:rocket:`. The `@` of a digest and the colons of a resource name are none. */
const MADE_LATER = /(?<!\w)@(?=\w)|@(?=[\w-]+\.)|#(?=\d)|\bGH-(?=\d)|(?<!\w):(?=[\w+-]+:)/gi;
/** GitHub shows seven digits of a commit that it knows, with a link. The first six of 7 to 40; a number or a word is none. */
const COMMIT = /(?<!\w|sha256:)(?=\d*[a-f])(?=[a-f]*\d)[0-9a-f]{6}(?=[0-9a-f]{1,34}(?!\w))/gi;
/** Not in a text that is visible. */
const BETWEEN = '\u200b';
const APART = '\u2060';

function encode(character: string): string {
  return `&#${character.charCodeAt(0)};`;
}

/** `text` is from outside, `url` our own or one that was checked. */
export function link(text: string, url: string): string {
  return `[${escapeText(text)}](${autolink(url)})`;
}

/** A link whose text can end neither the link nor its table cell. */
export function autolink(url: string): string {
  return `<${url.replace(/[\s<>|]/g, (character) => `%${character.charCodeAt(0).toString(16).padStart(2, '0')}`)}>`;
}

/**
 * A code span that the text cannot end: the fence is longer than any run of backticks in the text. A bar would end the cell
 * of a table, and outside of one its escape would be shown: such a text is no code span.
 */
export function codeSpan(text: string): string {
  const line = visible(text).replace(/[\n\t]+/g, ' ');
  if (line.includes('|')) return escapeMarkdown(line);
  const fence = fenceFor(line, 1);
  const isPadded = /^`|`$/.test(line) || (/^ .* $/.test(line) && line.trim() !== '');
  const pad = isPadded ? ' ' : '';
  return line === '' ? '' : `${fence}${pad}${line}${pad}${fence}`;
}

export function codeBlock(lines: readonly string[]): string {
  const text = visible(lines.join('\n'));
  const fence = fenceFor(text, 3);
  return `${fence}text\n${text}\n${fence}`;
}

/** Shown when it is opened. `title`: our own words. */
export function folded(title: string, content: string): string {
  return `<details><summary>${title}</summary>\n\n${content}\n\n</details>`;
}

/** The cells are Markdown. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => '---'), ...rows];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function fenceFor(text: string, shortest: number): string {
  const runs = [...text.matchAll(/`+/g)];
  return '`'.repeat(runs.reduce((longest, [run]) => Math.max(longest, run.length + 1), shortest));
}
