import { expect, test } from '@jest/globals';
import { checkBar } from '../../../bench/copy/check-bar.ts';
import type { RowFigures, ToolFigures } from '../../../bench/copy/measure-row.ts';
import { rows } from '../../../bench/copy/rows.ts';
import type { ToolKind } from '../../../bench/copy/tools.ts';

const figuresOf = (name: string, kind: ToolKind, given: Partial<ToolFigures>): ToolFigures => ({
  tool: { name, kind, version: '1', command: () => [] },
  runs: 5,
  failure: null,
  wallMs: 1_000,
  fastestMs: 1_000,
  slowestMs: 1_000,
  inProcessMs: null,
  cpuMs: null,
  peakBytes: 100e6,
  traffic: null,
  ...given,
});
const rowOf = (name: string, tools: readonly ToolFigures[]): RowFigures => ({
  row: rows.find((row) => row.name === name)!,
  imageBytes: 1_000,
  tools,
});
const lineOf = (table: string, start: string): string[] =>
  table
    .split('\n')
    .find((line) => line.startsWith(`| ${start}`))!
    .split('|')
    .map((cell) => cell.trim())
    .slice(2, -1);

test('we are compared with the best of the peers that ended well', () => {
  const table = checkBar('cloud', [
    rowOf('many', [
      figuresOf('deploy-agent', 'ours', { wallMs: 1_000, inProcessMs: 800 }),
      figuresOf('crane', 'default', { wallMs: 4_000 }),
      figuresOf('oras', 'default', { wallMs: 3_000 }),
      figuresOf('skopeo', 'default', { wallMs: 100, failure: 'connection reset' }),
      figuresOf('crane -j32', 'tuned', { wallMs: 900 }),
    ]),
  ]);
  expect(lineOf(table, '100 x 100 KB: to the best default')).toEqual(['0.33', '0.27', '0.5', 'yes']);
  expect(lineOf(table, '100 x 100 KB: to the best tuned')).toEqual(['1.11', '0.89', '0.95', 'only without our start']);
});

test('what is too slow, too large or not measured is said to be', () => {
  const table = checkBar('loopback', [
    rowOf('big', [
      figuresOf('deploy-agent', 'ours', { wallMs: 1_300, inProcessMs: 1_250, peakBytes: 151e6 }),
      figuresOf('crane', 'default', { wallMs: 900 }),
      figuresOf('skopeo', 'default', { wallMs: 1_100 }),
    ]),
    rowOf('many', [figuresOf('deploy-agent', 'ours', {}), figuresOf('crane', 'default', {})]),
  ]);
  expect(lineOf(table, '8 x 100 MB')).toEqual(['1.3', '1.25', '1.1', 'no']);
  expect(lineOf(table, '100 x 100 KB')).toEqual(['not measured', '', '1.1', '-']);
  expect(lineOf(table, 'peak memory')).toEqual(['151', '', '100', 'no']);
});

test('in the cloud network, every row is beside the best tuned peer, and 800 MB have their CPU time', () => {
  const table = checkBar(
    'cloud',
    rows
      .filter(({ cut }) => cut === 'none')
      .map(({ name }) =>
        rowOf(name, [
          figuresOf('deploy-agent', 'ours', { wallMs: 1_000, cpuMs: 1_310 }),
          figuresOf('oras -c32', 'tuned', { wallMs: 2_000 }),
        ]),
      ),
  );
  const beside = table.split('\n').filter((line) => line.includes('to the best tuned'));
  expect(beside).toHaveLength(rows.filter(({ cut }) => cut === 'none').length);
  expect(lineOf(table, '8 x 100 MB: CPU seconds')).toEqual(['1.31', '', '1.3', 'no']);
});

test('a copy that does not survive the cut connections meets no bar', () => {
  const uncut = rowOf('big', [figuresOf('deploy-agent', 'ours', {})]);
  const traffic = { requests: 1, bytesRead: 1_000, bytesWritten: 1_500 };
  const survived = rowOf('cut-upload', [figuresOf('deploy-agent', 'ours', { wallMs: 2_500, traffic })]);
  const lost = rowOf('cut-upload', [figuresOf('deploy-agent', 'ours', { traffic, failure: 'connection reset' })]);
  const title = '8 x 100 MB, each upload cut once at 50%';
  expect(lineOf(checkBar('cloud', [uncut, survived]), `${title}: seconds`)).toEqual(['1.5', '', '5', 'yes']);
  expect(lineOf(checkBar('cloud', [uncut, survived]), `${title}: bytes`)).toEqual(['1.5', '', '1.6', 'yes']);
  expect(lineOf(checkBar('cloud', [uncut, lost]), `${title}: bytes`)).toEqual(['not measured', '', '1.6', '-']);
});
