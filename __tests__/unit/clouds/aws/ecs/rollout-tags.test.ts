import { describe, expect, it, test } from '@jest/globals';
import {
  findMarkers,
  findOwn,
  isOver,
  type ServiceMarker,
  toTags,
} from '../../../../../src/clouds/aws/ecs/rollout-tags.ts';

const RESOURCE = 'service agent in cluster production (eu-west-1)';
const run = { id: '0a1b2c3d4e5f', name: 'acme/agent, run 4711, attempt 1', since: 1_900_000_000_000 };
const MARK = 'arn:aws:ecs:eu-west-1:123456789012:task-definition/agent:42';
const marker: ServiceMarker = {
  run,
  until: 1_900_000_300_000,
  mark: MARK,
  phase: 'rolling-out',
  point: { resource: RESOURCE, revision: 'agent:41', data: { previous: MARK.replace('42', '41'), newest: 1 }, run },
};
const team = { key: 'team', value: 'agents' };
const read = (tags: readonly object[]) => findMarkers({ tags: [...tags] }, RESOURCE);

describe('the tags of a marker', () => {
  it('hold all of it, beside tags of others', () => {
    const [found] = read([team, ...toTags(marker)]);
    expect(found?.marker).toEqual(marker);
    expect(found?.keys).toEqual(toTags(marker).map(({ key }) => key));
  });

  it('are what AWS takes, however long the names are', () => {
    const long = { ...marker, mark: MARK.replace('agent', 'a'.repeat(255)), run: { ...run, name: 'ä'.repeat(300) } };
    const tags = toTags(long);
    expect(tags.length).toBeLessThan(15);
    for (const { key, value } of tags) {
      expect(key).toMatch(/^[\w/-]{1,128}$/);
      expect(value).toMatch(/^[\w.:/=+@ -]{0,256}$/);
    }
    expect(read(tags)[0]?.marker).toEqual({ ...long, point: { ...long.point, run: long.run } });
  });

  it('of two runs are two markers', () => {
    const other = { ...marker, run: { ...run, id: 'ffff00001111' } };
    const found = read([...toTags(marker), ...toTags(other)]);
    expect(found.map(({ runId }) => runId)).toEqual([run.id, 'ffff00001111']);
    expect(findOwn(found, run)?.runId).toBe(run.id);
    expect(findOwn(found, undefined)).toBeNull();
  });

  test.each([
    ['without a piece', toTags(marker).slice(0, -1)],
    ['with a damaged piece', toTags(marker).map((tag, index) => (index === 1 ? { ...tag, value: 'AAAA' } : tag))],
    ['of another version', [{ key: `deploy-agent/${run.id}`, value: 'v9 dancing until 2030-03-17T17:51:40.000Z' }]],
  ])('%s can not be restored from, and hold as long as they say', (_title, tags) => {
    const [found] = read(tags);
    expect(found).toMatchObject({ marker: null, until: 1_900_000_300_000 });
    expect(isOver(found!, 1_900_000_300_000)).toBe(false);
    expect(isOver(found!, 1_900_000_400_000)).toBe(true);
  });

  it('that do not say until when are over', () => {
    const [found] = read([{ key: `deploy-agent/${run.id}`, value: 'v1 rolling-out until tomorrow in 1' }]);
    expect(isOver(found!, 1)).toBe(false);
    expect(isOver(found!, 1_900_000_000_000)).toBe(true);
  });

  it('that other tools made in the same namespace are none', () => {
    expect(
      read([team, { key: 'deploy-agent/owner', value: 'agents' }, { key: 'deploy-agent/a/1', value: 'x' }]),
    ).toEqual([]);
  });
});
