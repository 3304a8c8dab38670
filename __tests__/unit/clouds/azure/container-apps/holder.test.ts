import { expect, test } from '@jest/globals';
import { findHolder } from '../../../../../src/clouds/azure/container-apps/holder.ts';
import {
  type AppMarker,
  findMarkers,
  tagsOf,
  withoutTagsOf,
} from '../../../../../src/clouds/azure/container-apps/rollout-tags.ts';
import { point } from './fake-app.ts';

const NOW = 1_900_000_000_000;

function marker(id: string, parts: Partial<AppMarker> & { readonly since?: number } = {}): AppMarker {
  const { since = NOW, ...rest } = parts;
  const run = { id, name: `acme/agent, run ${id}`, since };
  return { phase: 'claiming', run, until: NOW + 300_000, mark: `agent--${id}`, point: { ...point, run }, ...rest };
}

const lost = { until: NOW - 60_000 };
const first = marker('a');
const later = marker('b', { since: NOW + 1 });

test.each<[string, readonly AppMarker[], string | undefined, string | null]>([
  ['no marker: anyone may start', [], undefined, null],
  ['the only one goes on', [first], 'a', null],
  ['a run without a marker waits for a live one', [first], undefined, 'a'],
  ['a run whose marker has run out holds nothing', [marker('a', lost)], undefined, null],
  ['of two that claim, the one that began first goes on', [later, first], 'a', null],
  ['and the other one gives way', [later, first], 'b', 'a'],
  ['who has read its marker back goes on, whoever began first', [first, { ...later, phase: 'rolling-out' }], 'b', null],
  ['and the other one gives way', [first, { ...later, phase: 'rolling-out' }], 'a', 'b'],
])('%s', (_title, markers, id, expected) => {
  const run = id === undefined ? undefined : { id, name: id, since: NOW };
  expect(findHolder({ markers, run, now: NOW })?.run.id ?? null).toBe(expected);
});

test('a marker is the same after it was cut into tags, which no other tag is touched by', () => {
  const { target: _, ...data } = { ...point.data, target: undefined };
  const written = marker('a', { point: { ...point, data, run: first.run } });
  const tags = { team: 'agents', ...tagsOf({ tags: { team: 'agents' } }, written) };
  for (const value of Object.values(tags)) expect(String(value).length).toBeLessThanOrEqual(256);
  const document = { tags };
  expect(findMarkers(document, point.resource)).toEqual({ markers: [written], unreadable: [] });
  expect(Object.keys(withoutTagsOf(document, 'a'))).toEqual(Object.keys(tags).filter((name) => name !== 'team'));
  expect(withoutTagsOf(document, 'b')).toEqual({});
});

test.each([
  ['of another version', { version: 2, until: NOW }, NOW],
  ['that is cut short', '{"version":1', null],
])('one %s is not restored from', (_title, content, until) => {
  const text = typeof content === 'string' ? content : JSON.stringify(content);
  const found = findMarkers({ tags: { 'deploy-agent-rollout-a-1': text } }, point.resource);
  expect(found).toEqual({ markers: [], unreadable: [{ id: 'a', until }] });
});
