// What the tests reached in src/: jest's own count, joined with that of the processes which the scenarios start.
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import istanbul from 'istanbul-lib-coverage';

const root = path.resolve(import.meta.dirname, '..');
const source = `${pathToFileURL(path.join(root, 'src')).href}/`;
const LEAST_PERCENT = 90;

/**
 * @param {import('istanbul-lib-coverage').CoverageMapData} ofJest has every file of src/, also those that no test loaded.
 * @param {string} childFolder where the children left their NODE_V8_COVERAGE files.
 * @returns {Promise<import('istanbul-lib-coverage').CoverageMap>}
 */
export async function mergeCoverage(ofJest, childFolder) {
  const texts = new Map();
  for (const file of Object.keys(ofJest)) {
    // The positions are those of the code that ran; erasing the types leaves every line and column where it was.
    texts.set(file, stripTypeScriptTypes(await readFile(file, 'utf8')));
  }
  for (const name of await readdir(childFolder).catch(() => [])) {
    const scripts = parseScripts(await readFile(path.join(childFolder, name), 'utf8'));
    for (const { url, functions } of scripts) {
      const file = fileURLToPath(url);
      const text = texts.get(file);
      if (text !== undefined) addCounts(ofJest[file], openCounts(text, functions));
    }
  }
  return istanbul.createCoverageMap(ofJest);
}

/** What is missing, in words; empty: enough is covered. */
export function findShortfalls(map) {
  const { pct } = map.getCoverageSummary().statements;
  const unreached = rowsOf(map).filter(({ total, covered }) => total > 0 && covered === 0);
  return [
    ...(pct < LEAST_PERCENT ? [`Not enough: ${pct}% of the statements is less than ${LEAST_PERCENT}%.`] : []),
    ...unreached.map(({ name }) => `Not reached by any test: ${name}.`),
  ];
}

/** One line in all, and one for each file below the mark. */
export function formatCoverage(map) {
  const { statements, branches, functions } = map.getCoverageSummary();
  const rows = rowsOf(map).filter(({ total }) => total > 0);
  const low = rows.filter(({ percent }) => percent < LEAST_PERCENT);
  const width = Math.max(0, ...low.map(({ name }) => name.length));
  return [
    `Coverage of src/, by the tests and the processes that they start: ${statements.pct}% of ${statements.total} statements` +
      ` in ${rows.length} files (branches ${branches.pct}%, functions ${functions.pct}%)`,
    ...low.map(({ name, percent, lines }) => `  ${name.padEnd(width)} ${percent.toFixed(1).padStart(5)}%  ${lines}`),
  ];
}

/** As coverage/coverage-final.json, which istanbul's tools read. */
export async function writeCoverage(map) {
  const folder = path.join(root, 'coverage');
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, 'coverage-final.json'), JSON.stringify(map));
}

/** None of a process that was killed while it wrote. */
function parseScripts(text) {
  try {
    return JSON.parse(text).result.filter(({ url }) => url.startsWith(source));
  } catch {
    return [];
  }
}

/** How often V8 came by at a position. Inner functions and blocks come after what they are in, and hold for their part. */
function openCounts(text, functions) {
  const counts = new Uint32Array(text.length);
  for (const { ranges } of functions) {
    for (const { startOffset, endOffset, count } of ranges) counts.fill(count, startOffset, endOffset);
  }
  const lineStarts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lineStarts.push(at + 1);
  return ({ line, column }) => counts[lineStarts[line - 1] + column] ?? 0;
}

/** Adds to istanbul's data, so that both have one notion of a statement, a function and a branch. */
function addCounts({ statementMap, fnMap, branchMap, s, f, b }, countAt) {
  for (const [key, { start }] of Object.entries(statementMap)) s[key] += countAt(start);
  for (const [key, { loc }] of Object.entries(fnMap)) f[key] += countAt(loc.start);
  for (const [key, { type, loc, locations }] of Object.entries(branchMap)) {
    const taken = locations.map(({ start }) => (start?.line === undefined ? null : countAt(start)));
    // An `else` that is not written has no position.
    const rest = type === 'if' ? Math.max(0, countAt(loc.start) - (taken[0] ?? 0)) : 0;
    taken.forEach((count, index) => {
      b[key][index] += count ?? rest;
    });
  }
}

function rowsOf(map) {
  return map.files().map((file) => {
    const coverage = map.fileCoverageFor(file);
    const { pct, total, covered } = coverage.toSummary().statements;
    const lines = shortenLines(coverage.getUncoveredLines());
    return { name: path.relative(root, file), percent: pct, total, covered, lines };
  });
}

/** `12-14, 20`. */
function shortenLines(lines) {
  const runs = [];
  for (const line of lines.map(Number).sort((a, b) => a - b)) {
    const last = runs.at(-1);
    if (last?.[1] === line - 1) last[1] = line;
    else runs.push([line, line]);
  }
  return runs.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(', ');
}
