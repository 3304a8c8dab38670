import { cell, replaceBetweenMarks, table } from './markdown-table.js';

/**
 * The text of docs/conformance.md with fresh tables of registries' answers and of proxies.
 * @param readRecord gives the data of a file below conformance/
 */
export function withFreshRecords(text, readRecord) {
  const answers = answerTable(readRecord('registry-answers/rows.json'), readRecord('registry-answers/peers.json'));
  const forms = proxyTable(readRecord('proxy-forms/rows.json'));
  return replaceBetweenMarks(replaceBetweenMarks(text, 'registry answers', answers), 'proxy forms', forms);
}

function answerTable(rows, { recorded, versions, results }) {
  const names = Object.keys(versions);
  const head = ['answer', 'deploy-agent', ...names.map((name) => `${name} ${versions[name]}`)];
  const cells = rows.map(({ when, ours }) =>
    [when, ours, ...names.map((name) => results[when]?.[name] ?? '')].map(cell),
  );
  return `${table(head, cells)}\n\n${rows.length} answers; crane and regctl were recorded on ${recorded}.`;
}

function proxyTable(rows) {
  const cells = rows.map(({ env, url, curl, ours, why }) => [
    Object.entries(env)
      .map(([name, value]) => `\`${name}=${value.replace('{proxy}', 'PROXY')}\``)
      .join(' '),
    `\`${url}\``,
    curl,
    ours,
    why ?? '',
  ]);
  return table(
    ['environment', 'address', 'curl', 'deploy-agent', 'why not the same'],
    cells.map((row) => row.map(cell)),
  );
}
