import { describe, expect, test } from '@jest/globals';
import { type Case, commandFor } from '../../faults/cases.ts';
import type { DeployResult } from '../../faults/deploy.ts';
import { checkRun, checkState } from '../../faults/invariants.ts';
import { chooseSlice, listCases } from '../../faults/list-cases.ts';
import { readOptions } from '../../faults/options.ts';
import type { Recordings } from '../../faults/recording.ts';
import { ROWS } from '../../faults/rows.ts';
import { PLANTED, SECRETS } from '../../faults/secrets.ts';
import { openWorkers } from '../../faults/workers.ts';
import type { StageResult } from '../../simulators/runner.ts';
import { FORMS } from '../fixtures/value-forms.ts';

const call = { n: 1, operation: 'run:UpdateService', nth: 1, mutates: true, changes: true, repeats: false };
const check = { ...call, n: 2, operation: 'workload:GET /health', mutates: false, changes: false };
const recording = { calls: [call, check], outcome: 'deployed', before: 'old', after: 'new' };
const recordings: Recordings = { good: recording, bad: recording, full: 'new' };

function stageOf(given: Partial<StageResult>): StageResult {
  const nothing = { exitCode: 0, signal: null, log: '', outputs: {}, state: {}, summary: '' };
  return { ...nothing, stateBroken: false, durationMs: 1, ...given };
}

function runOf(main: Partial<StageResult>, more: Partial<DeployResult> = {}): DeployResult {
  const outcome = main.outputs?.['outcome'] ?? null;
  const times = { startedAt: 0, mainMs: 1, postMs: 1 };
  return { version: 'v2', main: stageOf(main), post: stageOf({}), outcome, ...times, files: '', requests: [], ...more };
}

const toRegistry = { name: 'a request to ghcr.io', host: 'ghcr.io', text: `GET /?a=${SECRETS.environment}` };
const cause = '::error title=Refused::the service was not found in this region\n';
const refused = { exitCode: 1, outputs: { outcome: 'refused' }, log: cause };

describe('what the fault program checks', () => {
  test.each<[string, DeployResult, RegExp]>([
    ['a green exit code of a red outcome', runOf({ ...refused, exitCode: 0 }), /exit code of main/],
    ['a red run without a cause', runOf({ ...refused, log: '' }), /no error annotation/],
    ['a word of a bug', runOf({ ...refused, log: `${cause}TypeError: x is not a function` }), /the log says/],
    ['a stack', runOf({ ...refused, summary: 'failed\n    at run (file.ts:1:2)' }), /the log says/],
    ['a secret in the log', runOf({ ...refused, log: `${cause}${SECRETS.bearer}` }), /bearer .* is in the log of main/],
    ...FORMS.map(([name, form]): [string, DeployResult, RegExp] => [
      `a secret in the summary, ${name}`,
      runOf({ ...refused, summary: form(PLANTED[0].value) }),
      /environment value .* is in the summary of main/,
    ]),
    ['a secret in a request to a registry', runOf(refused, { requests: [toRegistry] }), /is in a request to ghcr\.io/],
    [
      'a masked value in the report',
      runOf({ log: '::add-mask::token-1' }, { files: 'token-1' }),
      /masked value .* file/,
    ],
    ['a main step that goes on for hours', runOf(refused, { mainMs: 7_200_000 }), /main took 7200 s/],
    ['a post step that GitHub would end', runOf(refused, { postMs: 301_000 }), /post took 301 s/],
  ])('finds %s', (_, run, violation) => {
    expect(checkRun(run).join('\n')).toMatch(violation);
  });

  test('finds nothing in a run that keeps its promises', () => {
    expect(checkRun(runOf(refused))).toEqual([]);
    expect(checkRun(runOf({ outputs: { outcome: 'deployed' } }))).toEqual([]);
  });

  test('compares what serves with what the outcome says', () => {
    const state = { before: 'a\nold', now: 'a\nnew', shape: 'a\nnew', promised: 'a\nnew' };
    expect(checkState('deployed', state)).toEqual([]);
    expect(checkState('rolled-back', state)).toEqual(['says rolled-back, but: -old +new']);
  });
});

describe('a case', () => {
  const choice = { rows: ROWS, kinds: [], at: null, variant: null, seed: 7, walks: 140 };
  const record = async (): Promise<Recordings> => recordings;

  test('is repeated by the command that is printed with it', async () => {
    const all = await listCases(record, choice);
    const slice = chooseSlice(all, 100, 3);
    expect(slice.length).toBeGreaterThan(50);
    for (const one of slice) {
      const given = commandFor(one).replace('npm run faults -- ', '').split(' ');
      expect(await listCases(record, readOptions(given))).toContainEqual(one);
    }
  });

  test('is chosen by chance, and again with the same seed', async () => {
    const all = await listCases(record, choice);
    expect(chooseSlice(all, 100, 3)).toEqual(chooseSlice(all, 100, 3));
    expect(chooseSlice(all, 100, 3)).not.toEqual(chooseSlice(all, 100, 4));
  });
});

test('a killed run ends the same in the worker, in a reused process and in a new one', async () => {
  const row = ROWS.find(({ target }) => target === 'cloud-run')!;
  const choice = { rows: [row], kinds: ['kill'], at: null, variant: 'good/kill-after', seed: 1, walks: 0 };
  const endings: string[] = [];
  for (const flags of [[], ['--pooled'], ['--fresh']]) {
    const workers = openWorkers(1, flags);
    const all = await listCases((one) => workers.record(one), choice);
    const middle = all[Math.floor(all.length / 2)]!;
    await workers.playAll([middle], (played: Case, { ending, violations }) => {
      endings.push(`${played.at} ${ending} ${violations.join()}`);
    });
    workers.close();
  }
  expect(endings).toHaveLength(3);
  expect(new Set(endings).size).toBe(1);
});
