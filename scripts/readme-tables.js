// Writes the input and output tables of the README from action.yml, the threats and hostile servers of docs/security.md, the
// cases of docs/verify.md, the tables of docs/conformance.md, and the scripts in infrastructure/setup/ from their guides.
// `--check` only says whether they are up to date.
import { readFileSync, writeFileSync } from 'node:fs';
import { parse } from 'yaml';
import { withFreshBehaviours } from './hostile-table.js';
import { cell, replaceBetweenMarks, table } from './markdown-table.js';
import { withFreshRecords } from './record-tables.js';
import { setupScript, setupScripts } from './setup-scripts.ts';
import { withFreshCases, withFreshSeenRed, withFreshThreats } from './threat-table.js';
import { withFreshVerdicts } from './verdict-table.js';

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
  return Object.entries(tables).reduce((text, [name, rows]) => replaceBetweenMarks(text, name, rows), readme);
}

const read = (file) => readFileSync(new URL(file, root), 'utf8');

const readRecord = (file) => JSON.parse(read(`conformance/${file}`));

function withFreshConformance(text) {
  const seenRed = JSON.parse(read('scripts/mutation/seen-red.json'));
  const records = withFreshVerdicts(withFreshRecords(text, readRecord), read('docs/verdicts.yml'), seenRed);
  return withFreshSeenRed(records, read('docs/security-threats.yml'), seenRed);
}

if (process.argv[1] === import.meta.filename) {
  const pages = {
    'README.md': (text) => withFreshTables(text, read('action.yml')),
    'docs/security.md': (text) => withFreshBehaviours(withFreshThreats(text, read('docs/security-threats.yml'))),
    ...Object.fromEntries(
      Object.entries(setupScripts).map(([page, script]) => [script, () => setupScript(page, read(page))]),
    ),
    'docs/verify.md': (text) => withFreshCases(text, read('docs/verify-cases.yml'), readRecord('verify/peers.json')),
    'docs/conformance.md': withFreshConformance,
  };
  for (const [file, freshen] of Object.entries(pages)) {
    const text = read(file);
    const fresh = freshen(text);
    if (!process.argv.includes('--check')) {
      writeFileSync(new URL(file, root), fresh);
    } else if (fresh !== text) {
      console.error(`${file} is out of date: run \`npm run readme\``);
      process.exitCode = 1;
    }
  }
}
