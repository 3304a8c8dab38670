import { describe, expect, test } from '@jest/globals';
import { decideRestoration } from '../../../../../src/clouds/azure/container-apps/decide-restoration.ts';
import type { Decision, RestorationFacts } from '../../../../../src/clouds/azure/container-apps/restoration-facts.ts';
import type { RevisionState } from '../../../../../src/clouds/azure/container-apps/revision-state.ts';
import type { TrafficEntry } from '../../../../../src/clouds/azure/container-apps/traffic-table.ts';

const OLD = 'agent--old';
const OURS = 'agent--d1';
const COPY = 'agent--d1-r';

function revision(name: string, parts: Partial<RevisionState> = {}): RevisionState {
  const up = {
    active: true,
    share: 0,
    replicas: 1,
    minReplicas: 1,
    maxReplicas: 10,
    provisioning: 'provisioned',
    health: 'healthy',
    running: 'running',
  };
  return { name, ...up, error: '', ...parts };
}

const latest: TrafficEntry[] = [{ revision: null, weight: 100, label: null }];
const byName = (revisionName: string, weight = 100): TrafficEntry => ({ revision: revisionName, weight, label: null });

/** Multiple mode, traffic follows the latest; ours has 20 %. */
function factsOf(parts: Partial<RestorationFacts> = {}): RestorationFacts {
  return {
    mode: 'multiple',
    mark: OURS,
    restoreRevision: COPY,
    previousLatest: OLD,
    previousReady: OLD,
    latest: OURS,
    latestReady: OURS,
    busy: false,
    hasFailed: false,
    template: 'ours',
    isTemplateRestored: false,
    previousTraffic: latest,
    traffic: [byName(OLD, 80), byName(OURS, 20)],
    ours: revision(OURS, { share: 20 }),
    restored: null,
    previouslyServing: [revision(OLD, { share: 80 })],
    isMarked: false,
    rival: null,
    doesRivalFollow: true,
    isBesidePreview: false,
    trouble: null,
    warmth: 'warm',
    releaseCommand: 'az containerapp ingress traffic set',
    outstandingMs: 0,
    elapsedMs: 0,
    ...parts,
  };
}

const untouched = { template: 'previous', latest: OLD, latestReady: OLD, traffic: latest, ours: null } as const;
const restoring = {
  template: 'restored',
  isTemplateRestored: true,
  latest: COPY,
  traffic: [byName(OLD)],
  ours: revision(OURS),
} as const;
const copied = revision(COPY);
const single = { mode: 'single', previousTraffic: [], traffic: [] } as const;

describe('one poll of a rollback leads to one action', () => {
  test.each<[string, Partial<RestorationFacts>, Partial<Decision> | string]>([
    [
      'a newer deployment in Single mode: not touched',
      { ...single, latest: 'agent--x', template: 'other' },
      'superseded',
    ],
    [
      'a newer deployment: our shares are removed, and "the latest" gets nothing',
      { latest: 'agent--x', template: 'other' },
      { act: 'move-traffic', traffic: [byName(OLD)] },
    ],
    [
      'a newer deployment to which the traffic goes by itself: ours is deactivated, the traffic stays',
      { latest: 'agent--x', template: 'other', traffic: latest, ours: revision(OURS) },
      { act: 'deactivate', revision: OURS },
    ],
    [
      'a newer deployment, nothing of ours is left: not touched',
      { latest: 'agent--x', template: 'other', traffic: latest, ours: revision(OURS, { active: false }) },
      'superseded',
    ],
    [
      'a newer deployment that starts while ours serves as the latest: waited for',
      { latest: 'agent--x', template: 'other', traffic: latest, ours: revision(OURS, { share: 100 }) },
      'progressing',
    ],
    [
      'a newer deployment that does not start while ours serves: the previous revision serves, by name',
      {
        ...{ latest: 'agent--x', template: 'other', traffic: latest, elapsedMs: 120_000 },
        ours: revision(OURS, { share: 100 }),
      },
      { act: 'move-traffic', traffic: [byName(OLD)] },
    ],
    [
      'a preview of another user: our shares are removed, their label stays',
      {
        ...{ latest: 'agent--x', template: 'other', isBesidePreview: true },
        traffic: [{ ...byName(OLD, 80), label: 'theirs' }, byName(OURS, 20)],
      },
      { act: 'move-traffic', traffic: [{ ...byName(OLD), label: 'theirs' }] },
    ],
    [
      'a preview of another user, nothing of ours is left: restored',
      {
        ...{ latest: 'agent--x', template: 'other', isBesidePreview: true },
        ...{ traffic: [{ ...byName(OLD), label: 'theirs' }], ours: revision(OURS, { active: false }) },
      },
      'restored',
    ],
    ['another run holds the app and has not moved the traffic yet: waited for', { rival: 'run 2' }, 'progressing'],
    [
      'another run holds the app: ours is deactivated, and the traffic is left to it',
      { rival: 'run 2', traffic: [byName(OLD)], ours: revision(OURS) },
      { act: 'deactivate', revision: OURS },
    ],
    [
      'another run holds the app, nothing of ours is left: our marker is removed',
      { rival: 'run 2', traffic: [byName(OLD)], ours: null, isMarked: true },
      { act: 'remove-marker' },
    ],
    [
      'another run holds the app, nothing of ours is left',
      { rival: 'run 2', traffic: [byName(OLD)], ours: null },
      'superseded',
    ],
    [
      'the previous revision has its traffic by name, and was deactivated by hand: activated first',
      {
        ...{ traffic: [byName(OLD)], previouslyServing: [revision(OLD, { active: false })] },
        ours: revision(OURS),
      },
      { act: 'activate', revision: OLD },
    ],
    [
      'all is as it was, and a request that got no answer may still come: the marker stays for that time',
      {
        ...restoring,
        ...{ restored: revision(COPY, { share: 100 }), latestReady: COPY, traffic: latest, isMarked: true },
        ...{ ours: revision(OURS, { active: false }), previouslyServing: [revision(OLD, { active: false })] },
        outstandingMs: 40_000,
      },
      'progressing',
    ],
    ['a newer deployment that is in progress: waited for', { latest: 'agent--x', busy: true }, 'progressing'],
    ['another user moved the traffic: not touched', { traffic: [byName('agent--x')] }, 'superseded'],
    ['a change is in progress: waited for', { busy: true }, 'progressing'],
    ['nothing of ours is there, a moment later: checked for', { ...untouched, elapsedMs: 9_000 }, 'progressing'],
    ['nothing of ours is there, ten seconds later', { ...untouched, elapsedMs: 10_000 }, 'untouched'],
    [
      'only the traffic was pinned: it follows the latest again',
      { ...untouched, traffic: [byName(OLD)] },
      { act: 'move-traffic', traffic: latest },
    ],
    ['ours has traffic: the previous revision gets it by name', {}, { act: 'move-traffic', traffic: [byName(OLD)] }],
    [
      'ours will take all of it when it is ready: pinned before anything else',
      { traffic: latest, latestReady: OLD, ours: revision(OURS, { health: 'none' }) },
      { act: 'move-traffic', traffic: [byName(OLD)] },
    ],
    [
      'the document is ahead of the traffic in force: requested again',
      { traffic: [byName(OLD)], ours: revision(OURS, { share: 100 }) },
      { act: 'move-traffic', traffic: [byName(OLD)] },
    ],
    [
      'the previous revision is inactive: activated first',
      { previouslyServing: [revision(OLD, { active: false })], traffic: latest },
      { act: 'activate', revision: OLD },
    ],
    [
      'the previous revision starts while ours can serve: users stay with ours',
      { previouslyServing: [revision(OLD, { health: 'none', running: 'activating' })], traffic: latest },
      'progressing',
    ],
    [
      'the previous revision starts and ours can not serve: no waiting',
      {
        previouslyServing: [revision(OLD, { health: 'none', running: 'activating' })],
        traffic: latest,
        ours: revision(OURS, { health: 'unhealthy', share: 100 }),
      },
      { act: 'move-traffic', traffic: [byName(OLD)] },
    ],
    [
      'the traffic is restored: the template is next',
      { traffic: [byName(OLD)], ours: revision(OURS) },
      { act: 'restore-template' },
    ],
    [
      'Single mode: the template is restored',
      { ...single, ours: revision(OURS, { share: 100 }) },
      { act: 'restore-template' },
    ],
    ['the revision with the previous template is not listed yet: waited for', { ...restoring }, 'progressing'],
    ['it starts: waited for', { ...restoring, restored: revision(COPY, { health: 'none' }) }, 'progressing'],
    ['it does not start', { ...restoring, restored: revision(COPY, { running: 'activationfailed' }) }, 'failed'],
    ['Azure did not accept it', { ...restoring, hasFailed: true }, 'failed'],
    [
      'it is ready: traffic follows the latest again',
      { ...restoring, restored: copied, latestReady: COPY },
      { act: 'move-traffic', traffic: latest },
    ],
    [
      'that is in the document and not in force: requested again, and nothing is ended',
      { ...restoring, restored: copied, latestReady: COPY, traffic: latest },
      { act: 'move-traffic', traffic: latest },
    ],
    [
      'it serves: ours is deactivated',
      { ...restoring, restored: revision(COPY, { share: 100 }), latestReady: COPY, traffic: latest },
      { act: 'deactivate', revision: OURS },
    ],
    [
      'ours is deactivated: so is the one that it replaces',
      {
        ...restoring,
        restored: revision(COPY, { share: 100 }),
        latestReady: COPY,
        traffic: latest,
        ours: revision(OURS, { active: false }),
      },
      { act: 'deactivate', revision: OLD },
    ],
    [
      'all is as it was',
      {
        ...restoring,
        restored: revision(COPY, { share: 100 }),
        latestReady: COPY,
        traffic: latest,
        ours: revision(OURS, { active: false }),
        previouslyServing: [revision(OLD, { active: false })],
      },
      'restored',
    ],
    [
      'it is ready and has no replica: woken before it gets traffic',
      { ...restoring, restored: copied, latestReady: COPY, warmth: 'cold' },
      { act: 'wake', revision: COPY },
    ],
    [
      'it is ready and has too few replicas: waited for',
      { ...restoring, restored: copied, latestReady: COPY, warmth: 'warming' },
      'progressing',
    ],
    [
      'it can not pull its image: found before the platform gives up',
      { ...restoring, restored: revision(COPY, { health: 'none' }), trouble: 'container agent: ImagePullBackOff' },
      'failed',
    ],
    [
      'all is as it was, but for our marker: removed last',
      {
        ...restoring,
        ...{ restored: revision(COPY, { share: 100 }), latestReady: COPY, traffic: latest, isMarked: true },
        ...{ ours: revision(OURS, { active: false }), previouslyServing: [revision(OLD, { active: false })] },
      },
      { act: 'remove-marker' },
    ],
    ['what failed keeps its marker', { ...restoring, hasFailed: true, isMarked: true }, 'failed'],
    [
      'traffic by name: the revision that carries the template is deactivated too',
      { ...restoring, restored: copied, previousTraffic: [byName(OLD)], ours: revision(OURS, { active: false }) },
      { act: 'deactivate', revision: COPY },
    ],
    [
      'traffic by name: the previous revision serves again',
      {
        ...restoring,
        restored: revision(COPY, { active: false }),
        previousTraffic: [byName(OLD)],
        ours: revision(OURS, { active: false }),
      },
      'restored',
    ],
    [
      'Single mode: the platform has not deactivated ours yet',
      { ...single, ...restoring, traffic: [], restored: copied, latestReady: COPY },
      'progressing',
    ],
    [
      'the template is neither ours nor the old one',
      { ...restoring, isTemplateRestored: false, restored: copied, latestReady: COPY },
      'failed',
    ],
    [
      'ours was there before, without traffic: it loses what we gave it, and stays',
      { previousLatest: OURS, template: 'previous', isTemplateRestored: true, previousTraffic: [byName(OLD)] },
      { act: 'move-traffic', traffic: [byName(OLD)] },
    ],
    [
      'ours was there before, and has no traffic again',
      {
        previousLatest: OURS,
        template: 'previous',
        isTemplateRestored: true,
        previousTraffic: [byName(OLD)],
        traffic: [byName(OLD)],
        ours: revision(OURS),
      },
      'restored',
    ],
  ])('%s', (_title, parts, expected) => {
    const decision = decideRestoration(factsOf(parts));
    if (typeof expected !== 'string') expect(decision).toMatchObject(expected);
    else expect(decision).toMatchObject({ act: 'none', answer: { status: expected } });
  });

  test('the revision that serves is named, where it is not the previous one', () => {
    const parts = { ...restoring, restored: revision(COPY, { share: 100 }), latestReady: COPY, traffic: latest };
    const ended = { ours: null, previouslyServing: [revision(OLD, { active: false })] };
    const decision = decideRestoration(factsOf({ ...parts, ...ended }));
    expect(decision).toMatchObject({ answer: { status: 'restored', by: 'us', revision: COPY } });
  });

  test.each([
    ['pinned as we had pinned it: the command that releases it is said', false, true],
    ['in the user’s own form: it has no need of a command', true, false],
  ])('beside another run that leaves the traffic %s', (_title, doesRivalFollow, isSaid) => {
    const decision = decideRestoration(
      factsOf({ rival: 'run 2', doesRivalFollow, traffic: [byName(OLD)], ours: null }),
    );
    const { answer } = decision as Extract<Decision, { act: 'none' }>;
    expect(answer.message.includes('az containerapp ingress traffic set')).toBe(isSaid);
  });
});
