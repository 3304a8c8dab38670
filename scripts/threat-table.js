import { parse } from 'yaml';
import { cell, replaceBetweenMarks, table } from './markdown-table.js';

/** docs/security.md with a fresh table of the threats in docs/security-threats.yml. */
export function withFreshThreats(page, threatsYml) {
  const rows = parse(threatsYml).map(({ threat, mitigation, tests, decided }, index) => [
    String(index + 1),
    cell(threat),
    cell(decided === undefined ? `${mitigation}.` : `${mitigation}. Decided: ${decided}.`),
    testsCell(tests),
  ]);
  return replaceBetweenMarks(page, 'threats', table(['', 'Threat', 'What the action does', 'Tests'], rows));
}

/** docs/conformance.md with a fresh table of how many of each threat's tests are in scripts/mutation/seen-red.json. */
export function withFreshSeenRed(page, threatsYml, seenRed) {
  const rows = parse(threatsYml).map((one, index) => {
    const keys = new Set(namesIn([one]).map(({ file, name }) => `${file}: ${name}`));
    const seen = [...keys].filter((key) => seenRed.includes(key)).length;
    return [String(index + 1), cell(one.threat), `${seen} of ${keys.size}`];
  });
  return replaceBetweenMarks(page, 'seen-red', table(['', 'Threat', 'Tests seen red'], rows));
}

/**
 * docs/verify.md with a fresh table of the cases in docs/verify-cases.yml.
 * @param peers conformance/verify/peers.json
 */
export function withFreshCases(page, casesYml, { versions, answers }) {
  const rows = parse(casesYml).map(({ case: name, attestation, signature, tests }) => [
    ...[name, attestation, signature].map(cell),
    peersCell(answers.filter((answer) => isOfOne(answer, namesIn([{ tests }])))),
    testsCell(tests),
  ]);
  const peers = `gh ${versions.gh}, cosign ${versions.cosign}`;
  return replaceBetweenMarks(page, 'cases', table(['Case', 'Attestation', 'Signature', peers, 'Tests'], rows));
}

function isOfOne({ file, test }, named) {
  return named.some((one) => one.file === file && nameExpression(one.name).test(test));
}

/** What the names of its rows match: `%s` and `$name` stand for anything. */
function nameExpression(name) {
  const parts = name.split(/%[a-z]|\$\w+/).map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${parts.join('.+')}$`, 's');
}

function peersCell(answers) {
  const kinds = Map.groupBy(answers, kindOf);
  return [...kinds]
    .sort(([a], [b]) => (a < b ? 1 : -1))
    .map(([kind, some]) => `${some.length} ${cell(kind)}`)
    .join('<br>');
}

function kindOf({ peer, ours, theirs, reason }) {
  if (peer === null) return `not asked: ${reason}`;
  if (theirs === 'crashed') return `refused by us, ${peer} crashes`;
  return ours === theirs ? `the same (${peer})` : `${theirs}: ${reason}`;
}

function testsCell(tests) {
  return Object.entries(tests)
    .map(([file, names]) => `[${file}](../__tests__/${file}): ${names.map(nameInCell).join('; ')}`)
    .join('<br>');
}

function nameInCell(name) {
  return `“${cell(name).replace(/[*_[\]<>]/g, '\\$&')}”`;
}

/** Each test that such a table names: its file, relative to `__tests__/`, and its full name. */
export function namedTests(tableYml) {
  return namesIn(parse(tableYml));
}

function namesIn(rows) {
  return rows.flatMap(({ tests }) =>
    Object.entries(tests).flatMap(([file, names]) => names.map((name) => ({ file, name }))),
  );
}
