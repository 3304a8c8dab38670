import { describe, expect, test } from '@jest/globals';
import {
  parseRestoreData,
  type RestoreData,
  toRestorePoint,
} from '../../../../../src/clouds/google/cloud-run/restore-data.ts';
import type { RunService } from '../../../../../src/clouds/google/cloud-run/service.ts';

const run = { resource: 'service agent in europe-west1 (project acme)', service: 'agent' } as RunService;
const data: RestoreData = {
  ...{
    generation: 7,
    template: '0123456789abcdef',
    named: null,
    back: 'agent-00007-abc',
    isTemplates: true,
    images: null,
  },
  wanted: [{ revision: null, percent: 100, tag: null }],
  serves: [{ revision: 'agent-00007-abc', percent: 100, tag: null }],
  labels: { 'managed-by': null, 'commit-sha': 'abc' },
};

describe('a restore point', () => {
  test('comes back as it went, through JSON', () => {
    for (const one of [data, { ...data, named: 'agent-x', isTemplates: false, images: ['a:v1', 'b'] }]) {
      const point = toRestorePoint(run, one, 'agent-00007-abc');
      expect(parseRestoreData(JSON.parse(JSON.stringify(point)) as typeof point, run)).toEqual(one);
    }
  });

  test('with more tags than can be kept is refused, before anything is sent', () => {
    const serves = Array.from({ length: 40 }, (_, n) => ({
      revision: `agent-0000${n}-abc`,
      percent: n === 0 ? 100 : 0,
      tag: `tag-${n}`,
    }));
    expect(() => toRestorePoint(run, { ...data, serves, wanted: serves }, 'x')).toThrow(
      /its traffic table has 40 entries/,
    );
  });

  test.each([
    ['of another service', { resource: 'service other' }, /this is service agent/],
    ['without a part', { data: { generation: 7 } }, /is not complete/],
    [
      'with a part that is no JSON',
      { data: { ...toRestorePoint(run, data, 'x').data, wanted: '[' } },
      /is not complete/,
    ],
  ])('%s is not used', (_, change, message) => {
    const point = { ...toRestorePoint(run, data, 'x'), ...change };
    expect(() => parseRestoreData(point as never, run)).toThrow(message);
  });
});
