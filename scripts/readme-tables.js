// Writes the input and output tables of the README from action.yml. `--check` only says whether they are up to date.
import { readFileSync, writeFileSync } from 'node:fs';
import { parse } from 'yaml';

const root = new URL('../', import.meta.url);

/** The README's text with fresh tables between its `<!-- inputs -->` and `<!-- outputs -->` marks. */
export function withFreshTables(readme, actionYml) {
  const { inputs, outputs } = parse(actionYml);
  const inputRows = Object.entries(inputs).map(([name, { description, required, default: value }]) => [
    `\`${name}\``,
    cell(description),
    required ? 'required' : value === undefined ? '' : `\`${value}\``,
  ]);
  const outputRows = Object.entries(outputs).map(([name, { description }]) => [`\`${name}\``, cell(description)]);
  const tables = {
    inputs: table(['Input', 'Meaning', 'Default'], inputRows),
    outputs: table(['Output', 'Meaning'], outputRows),
  };
  return Object.entries(tables).reduce((text, [name, rows]) => {
    const marks = new RegExp(`(<!-- ${name} -->\n)[\\s\\S]*?(<!-- /${name} -->)`);
    if (!marks.test(text)) throw new Error(`README.md has no <!-- ${name} --> … <!-- /${name} --> marks`);
    return text.replace(marks, (_, open, close) => `${open}${rows}\n${close}`);
  }, readme);
}

function cell(text) {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ').trim();
}

function table(head, rows) {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

if (process.argv[1] === import.meta.filename) {
  const file = new URL('README.md', root);
  const readme = readFileSync(file, 'utf8');
  const fresh = withFreshTables(readme, readFileSync(new URL('action.yml', root), 'utf8'));
  if (process.argv.includes('--check')) {
    process.exitCode = fresh === readme ? 0 : 1;
    if (fresh !== readme) console.error('README.md is out of date: run `npm run readme`');
  } else {
    writeFileSync(file, fresh);
  }
}
