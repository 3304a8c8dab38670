import { describe, expect, it } from '@jest/globals';
import { decideReadiness, type RunningDeployment } from '../../../../../src/clouds/aws/ecs/decide-readiness.ts';
import { decideTurn } from '../../../../../src/clouds/aws/ecs/decide-turn.ts';
import type { FoundMarker, RolloutPhase } from '../../../../../src/clouds/aws/ecs/rollout-tags.ts';

const NOW = 1_900_000_000_000;
const LATER = NOW + 300_000;
const LONG_AGO = NOW - 31_000;

function markerOf(id: string, options: { until?: number; phase?: RolloutPhase; since?: number } = {}): FoundMarker {
  const { until = LATER, phase = 'rolling-out', since = 1 } = options;
  const run = { id, name: `acme/agent, run ${id}`, since };
  const point = { resource: 'service agent', revision: 'agent:41', data: {}, run };
  return { runId: id, phase, until, keys: [], marker: { run, until, mark: 'x/agent:42', point, phase } };
}

const unreadable = (until: number): FoundMarker => ({ ...markerOf('c', { until }), marker: null });
const running: RunningDeployment = { message: 'another deployment is IN_PROGRESS', stuck: null, isOurs: false };
const stuck: RunningDeployment = { ...running, stuck: 'task 1 stopped', isOurs: false };

describe('may a rollout start?', () => {
  const decide = (markers: readonly FoundMarker[], deployment: RunningDeployment | null = null) =>
    decideReadiness({ now: NOW, markers, running: deployment });

  it.each([
    ['free where there is nothing', [], null, 'free'],
    ['busy while a deployment is in progress', [], running, 'busy'],
    ['stuck where that can not end', [], stuck, 'stuck'],
    ['busy by a marker, also when ECS says SUCCESSFUL', [markerOf('a')], null, 'busy'],
    ['busy by a marker, also when its deployment is stuck: its run takes care of that', [markerOf('a')], stuck, 'busy'],
    ['busy by a marker that can not be read', [unreadable(LATER)], null, 'busy'],
    ['free with one that can not be read and is over', [unreadable(LONG_AGO)], null, 'free'],
    ['free with one that was released', [markerOf('a', { phase: 'released' })], null, 'free'],
    ['abandoned when its time is over', [markerOf('a', { until: LONG_AGO })], null, 'abandoned'],
    ['not abandoned within the tolerance of clocks', [markerOf('a', { until: NOW - 29_000 })], null, 'busy'],
    ['abandoned also while its deployment is in progress', [markerOf('a', { until: LONG_AGO })], running, 'abandoned'],
    ['abandoned also while its deployment is stuck', [markerOf('a', { until: LONG_AGO })], stuck, 'abandoned'],
    ['busy by the live one of two', [markerOf('a', { until: LONG_AGO }), markerOf('b')], null, 'busy'],
  ] as const)('%s', (_title, markers, deployment, status) => {
    expect(decide(markers, deployment).status).toBe(status);
  });

  it('a restoration that was abandoned and can not end is ours to replace', () => {
    const markers = [markerOf('a', { until: LONG_AGO, phase: 'restoring' })];
    expect(decide(markers, stuck)).toMatchObject({ status: 'stuck', isOurs: true });
    expect(decide(markers, running)).toMatchObject({ status: 'abandoned' });
  });

  it('says who, what and until when', () => {
    expect(decide([markerOf('a')])).toMatchObject({
      message: expect.stringMatching(
        /^acme\/agent, run a, since .* is rolling out agent:42 \(its marker holds until 2030/,
      ),
    });
    expect(decide([markerOf('a', { until: LONG_AGO })])).toMatchObject({
      message: expect.stringMatching(/left its rollout of agent:42 unfinished: its marker ran out at 2030/),
    });
  });
});

describe('whose turn is it?', () => {
  const run = { id: 'b', name: 'acme/agent, run b', since: 5 };
  const own = markerOf('b', { since: 5 });
  const decide = (markers: readonly FoundMarker[], options: { isMarked?: boolean; waitedMs?: number } = {}) =>
    decideTurn({ now: NOW, run, markers, isMarked: true, waitedMs: 0, ...options }).act;
  const earlier = markerOf('a', { since: 4 });
  const later = markerOf('c', { since: 6 });

  it.each([
    ['ours where no other run has a marker', [own], {}, 'go'],
    ['ours without a marker where none may be written', [], { isMarked: false }, 'go'],
    ['the earlier one’s', [earlier, own], {}, 'yield'],
    ['ours, once the later one has given way', [own, later], {}, 'wait'],
    ['the later one’s, where it has not: it has sent its change', [own, later], { waitedMs: 15_000 }, 'yield'],
    ['by the id of two that began at the same moment', [own, markerOf('a', { since: 5 })], {}, 'yield'],
    ['any other’s where ours may not be written', [later], { isMarked: false }, 'yield'],
    ['one’s that can not be read', [own, unreadable(LATER)], {}, 'yield'],
    ['ours beside one that was released', [own, markerOf('a', { phase: 'released' })], {}, 'go'],
    ['ours beside one that is abandoned', [own, markerOf('a', { until: LONG_AGO })], {}, 'go'],
    ['not known while AWS does not show our marker', [], {}, 'wait'],
    ['ours where AWS never shows it', [], { waitedMs: 10_000 }, 'go'],
  ] as const)('%s', (_title, markers, options, act) => {
    expect(decide(markers, options)).toBe(act);
  });

  it('exactly one of two that see each other sends', () => {
    const facts = { now: NOW, isMarked: true, markers: [own, later], waitedMs: 0 };
    const acts = [run, { id: 'c', name: 'acme/agent, run c', since: 6 }].map(
      (one) => decideTurn({ ...facts, run: one }).act,
    );
    expect(acts).toEqual(['wait', 'yield']);
  });
});
