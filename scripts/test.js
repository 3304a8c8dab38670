// `npm test`: the suite, or with arguments, which jest gets, a part of it. `npm run coverage`: the whole suite, then how
// much of src/ it reached, counting the processes that the scenarios start, and a failure where that is too little.
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findShortfalls, formatCoverage, mergeCoverage, writeCoverage } from './coverage.js';

const jest = path.resolve(import.meta.dirname, '../node_modules/jest/bin/jest.js');
const nodeArguments = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
const [, , ...given] = process.argv;
/** For processes that end after jest: each then writes what it ran. */
const COVERAGE_WAIT_MS = 30_000;

process.exitCode = given[0] === '--coverage' ? await runWithCoverage(given.slice(1)) : await runTests(given);

/**
 * On dist/, what each process does after its verdict is counted too (simulators/verdict-to-exit.ts), and the bundle is
 * compiled once for all of them (simulators/runner.ts).
 */
async function runTests(which) {
  if (process.env.SCENARIOS_ON !== 'dist') return await runJest(which, {});
  const folder = await mkdtemp(path.join(tmpdir(), 'bundle-'));
  const tally = path.join(folder, 'tally');
  try {
    return await runJest(which, { VERDICT_TALLY: tally, BUNDLE_COMPILE_CACHE: path.join(folder, 'compiled') });
  } finally {
    const waits = (await readFile(tally, 'utf8').catch(() => '')).split('\n').filter(Boolean).map(Number);
    const inTime = waits.filter((ms) => ms < 1_000).length;
    const longest = waits.length > 0 ? `; the longest waited ${Math.max(...waits)} ms` : '';
    process.stdout.write(
      `processes that ended within 1 s after their verdict: ${inTime} of ${waits.length}${longest}\n`,
    );
    await rm(folder, { recursive: true, force: true });
  }
}

async function runWithCoverage(which) {
  const folder = await mkdtemp(path.join(tmpdir(), 'coverage-'));
  const [ofJest, ofChildren, closingLine] = ['jest', 'children', 'closing-line'].map((name) => path.join(folder, name));
  try {
    const flags = ['--coverage', '--coverageReporters=json', `--coverageDirectory=${ofJest}`, ...which];
    // Not NODE_V8_COVERAGE: jest's own processes would write it too, and their coverage is counted by jest.
    const exitCode = await runJest(flags, { CHILD_COVERAGE: ofChildren, CLOSING_LINE_FILE: closingLine });
    await waitForCoverage(ofChildren);
    const shortfalls = await reportCoverage(ofJest, ofChildren);
    process.stdout.write(await readFile(closingLine, 'utf8').catch(() => ''));
    return exitCode || (shortfalls ? 1 : 0);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** @throws Error when a pooled process doesn't write its coverage (simulators/process-pool/pooled-process.mjs). */
async function waitForCoverage(folder) {
  const giveUpAt = Date.now() + COVERAGE_WAIT_MS;
  while ((await readdir(folder).catch(() => [])).some((name) => name.endsWith('.pending'))) {
    if (Date.now() > giveUpAt) throw new Error(`no coverage from a process within ${COVERAGE_WAIT_MS / 1000} s`);
    await sleep(50);
  }
}

/** True: src/ is not covered well enough. Nothing is said of a run that broke off before jest wrote its part. */
async function reportCoverage(ofJest, ofChildren) {
  const text = await readFile(path.join(ofJest, 'coverage-final.json'), 'utf8').catch(() => null);
  if (text === null) return false;
  const coverage = await mergeCoverage(JSON.parse(text), ofChildren);
  await writeCoverage(coverage);
  const shortfalls = findShortfalls(coverage);
  process.stdout.write(`\n${[...formatCoverage(coverage), ...shortfalls].join('\n')}\n\n`);
  return shortfalls.length > 0;
}

function runJest(flags, env) {
  const { promise, resolve, reject } = Promise.withResolvers();
  const child = spawn(process.execPath, [...nodeArguments, jest, ...flags], {
    stdio: 'inherit',
    env: { ...process.env, ...env },
  });
  child.on('error', reject);
  child.on('close', (exitCode) => resolve(exitCode ?? 1));
  return promise;
}
