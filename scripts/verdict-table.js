import { parse } from 'yaml';
import { cell, replaceBetweenMarks, table } from './markdown-table.js';

const TARGETS = {
  ecs: 'Amazon ECS',
  'cloud-run': 'Cloud Run',
  'container-apps': 'Container Apps',
  kubernetes: 'Kubernetes',
};

/**
 * docs/conformance.md with a fresh table of the verdicts in docs/verdicts.yml.
 * @param seenRed keys of tests, as scripts/mutation/seen-red.json has them
 */
export function withFreshVerdicts(page, verdictsYml, seenRed) {
  const verdicts = parse(verdictsYml);
  const rows = verdicts.map(({ case: what, ...places }) => [
    cell(what),
    ...Object.keys(TARGETS).map((target) => placeOf(places[target] ?? places.all)),
    redOf([{ case: what, ...places }], seenRed),
  ]);
  const count = `${verdicts.length} cases; tests seen red: ${redOf(verdicts, seenRed)}. A test with a table of rows counts once.`;
  const head = ['Case', ...Object.values(TARGETS), 'Seen red'];
  return replaceBetweenMarks(page, 'verdicts', `${table(head, rows)}\n\n${count}`);
}

function redOf(verdicts, seenRed) {
  const keys = new Set(testsOf(verdicts).map(({ file, name }) => `${file}: ${name}`));
  return `${[...keys].filter((key) => seenRed.includes(key)).length} of ${keys.size}`;
}

/** `place`: tests by file, or why the case can't occur there. @throws Error where a target is left out */
function placeOf(place) {
  if (typeof place === 'string') return cell(place);
  if (place === undefined) throw new Error('docs/verdicts.yml: each case names all four targets, or `all`');
  return Object.entries(place)
    .map(([file, names]) => `${names.length} in [${file.replace(/^.*\/|\.test\.ts$/g, '')}](../__tests__/${file})`)
    .join('<br>');
}

/** Each test that the table names: its file, relative to `__tests__/`, and its full name. */
export function namedVerdictTests(verdictsYml) {
  return testsOf(parse(verdictsYml));
}

function testsOf(verdicts) {
  return verdicts.flatMap(({ case: _, ...places }) =>
    Object.values(places).flatMap((place) =>
      typeof place === 'string'
        ? []
        : Object.entries(place).flatMap(([file, names]) => names.map((name) => ({ file, name }))),
    ),
  );
}
