import { describe, expect, test } from '@jest/globals';
import {
  parseRestoreData,
  previousShares,
  type RestoreData,
} from '../../../../../src/clouds/google/cloud-run/restore-data.ts';
import type { RunService } from '../../../../../src/clouds/google/cloud-run/service.ts';
import type { RestorePoint } from '../../../../../src/model/restore-point.ts';

const run = { resource: 'service agent in europe-west1 (project acme)', service: 'agent' } as RunService;
const data: RestoreData = {
  ...{ generation: 7, templateHash: '0123456789abcdef', templateName: null, newest: 'agent-00007-abc' },
  ...{ previous: 'agent-00007-abc' },
  ...{ isTemplateRevision: true, images: null, usualMs: null },
  requested: [{ revision: null, percent: 100, tag: null }],
  serving: [{ revision: 'agent-00007-abc', percent: 100, tag: null }],
  labels: { 'managed-by': null, 'commit-sha': 'abc' },
  ownLabels: { 'managed-by': 'github-actions', 'commit-sha': 'def' },
  ...{ servingImages: [`europe-west1-docker.pkg.dev/acme/agents/agent@sha256:${'a'.repeat(64)}`], deleted: [] },
};
const pointOf = (one: RestoreData): RestorePoint => ({
  resource: run.resource,
  revision: 'agent-00007-abc',
  data: one,
});

describe('a restore point', () => {
  test('comes back as it went, through JSON', () => {
    for (const one of [
      data,
      { ...data, templateName: 'agent-x', isTemplateRevision: false, images: ['a:v1', 'b'], usualMs: 9_000 },
    ]) {
      const point = JSON.parse(JSON.stringify(pointOf(one))) as RestorePoint;
      expect(parseRestoreData(point, run)).toEqual(one);
    }
  });

  test('with 25 traffic tags and the longest names is within 16 kB', () => {
    const [service, tag] = ['s'.repeat(49), 't'.repeat(46)];
    const entries = Array.from({ length: 25 }, (_, n) => ({
      ...{ revision: `${service}-${String(n).padStart(5, '0')}-abc`, percent: 4, tag: `${tag}${n}` },
    }));
    const point = pointOf({ ...data, requested: entries, serving: entries });
    expect(Buffer.byteLength(JSON.stringify(point))).toBeLessThan(16_000);
    expect(parseRestoreData(point, run)).toEqual(point.data);
  });

  test.each([
    ['of another service', { resource: 'service other' }, /this is service agent/],
    ['without a part', { data: { generation: 7 } }, /is not complete/],
    ['with a traffic table that is text', { data: { ...data, requested: '[]' } }, /is not complete/],
  ])('%s is not used', (_, change, message) => {
    expect(() => parseRestoreData({ ...pointOf(data), ...change }, run)).toThrow(message);
  });

  test('shows the shares to restore by hand, also where the rest can’t be read', () => {
    const tagged = { revision: 'agent-00003-xyz', percent: 0, tag: 'stable' };
    const point = pointOf({ ...data, serving: [...data.serving, tagged] });
    expect(previousShares(point)).toEqual(data.serving);
    expect(previousShares({ ...point, data: {} })).toEqual(data.serving);
    // A text with several revisions was put into a command as the name of one.
    for (const revision of ['agent-a 90%, agent-b 10%', null]) {
      expect(previousShares({ ...point, revision, data: {} })).toEqual([]);
    }
  });
});
