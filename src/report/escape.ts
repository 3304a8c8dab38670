import { visible } from '../model/visible.ts';

/** Text from outside, safe inside a Markdown table cell or paragraph: no HTML, no links, no mentions, no new lines. */
export function escapeMarkdown(text: string): string {
  return visible(text)
    .replace(/[\n\t]+/g, ' ')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/[\\`*_{}[\]#+!|~@$]|:(?=\/\/)/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** A link whose text can end neither the link nor its table cell. */
export function autolink(url: string): string {
  return `<${url.replace(/[\s<>|]/g, (character) => `%${character.charCodeAt(0).toString(16).padStart(2, '0')}`)}>`;
}

/** A code span that the text cannot end: the fence is longer than any run of backticks in the text. */
export function codeSpan(text: string): string {
  const line = visible(text)
    .replace(/[\n\t]+/g, ' ')
    .replaceAll('|', '\\|');
  const fence = fenceFor(line, 1);
  const pad = line.startsWith('`') || line.endsWith('`') ? ' ' : '';
  return line === '' ? '' : `${fence}${pad}${line}${pad}${fence}`;
}

export function codeBlock(lines: readonly string[]): string {
  const text = visible(lines.join('\n'));
  const fence = fenceFor(text, 3);
  return `${fence}text\n${text}\n${fence}`;
}

function fenceFor(text: string, shortest: number): string {
  const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  return '`'.repeat(Math.max(shortest, longest + 1));
}
