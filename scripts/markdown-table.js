/** `text` with `content` between its `<!-- name -->` and `<!-- /name -->` marks. @throws Error without these marks */
export function replaceBetweenMarks(text, name, content) {
  const marks = new RegExp(`(<!-- ${name} -->\n)[\\s\\S]*?(<!-- /${name} -->)`);
  if (!marks.test(text)) throw new Error(`no <!-- ${name} --> … <!-- /${name} --> marks`);
  return text.replace(marks, (_, open, close) => `${open}${content}\n${close}`);
}

/** Text as it is written into a cell of a table. */
export function cell(text) {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ').trim();
}

/** @param rows cells that are Markdown already */
export function table(head, rows) {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
