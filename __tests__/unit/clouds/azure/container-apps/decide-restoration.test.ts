import { describe, expect, test } from '@jest/globals';
import {
  type Decision,
  decideRestoration,
  type RestorationFacts,
} from '../../../../../src/clouds/azure/container-apps/decide-restoration.ts';
import type { RevisionState } from '../../../../../src/clouds/azure/container-apps/revision-state.ts';
import type { TrafficEntry } from '../../../../../src/clouds/azure/container-apps/traffic-table.ts';

const OLD = 'agent--old';
const OURS = 'agent--d1';
const BACK = 'agent--d1-r';

function revision(name: string, parts: Partial<RevisionState> = {}): RevisionState {
  const up = {
    active: true,
    share: 0,
    replicas: 1,
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
    wayBack: BACK,
    latestThen: OLD,
    readyThen: OLD,
    latest: OURS,
    latestReady: OURS,
    busy: false,
    hasFailed: false,
    template: 'ours',
    isTemplateBack: false,
    trafficThen: latest,
    traffic: [byName(OLD, 80), byName(OURS, 20)],
    ours: revision(OURS, { share: 20 }),
    back: null,
    served: [revision(OLD, { share: 80 })],
    elapsedMs: 0,
    ...parts,
  };
}

const untouched = { template: 'before', latest: OLD, latestReady: OLD, traffic: latest, ours: null } as const;
const wayBack = {
  template: 'way-back',
  isTemplateBack: true,
  latest: BACK,
  traffic: [byName(OLD)],
  ours: revision(OURS),
} as const;
const back = revision(BACK);
const single = { mode: 'single', trafficThen: [], traffic: [] } as const;

describe('one look at the way back leads to one act', () => {
  test.each<[string, Partial<RestorationFacts>, Partial<Decision> | string]>([
    [
      'somebody deployed in Single mode: left alone',
      { ...single, latest: 'agent--x', template: 'other' },
      'superseded',
    ],
    [
      'somebody deployed: our shares are taken away from theirs',
      { latest: 'agent--x', template: 'other' },
      { act: 'move-traffic', traffic: latest },
    ],
    [
      'somebody deployed, our shares are gone: ours is ended',
      { latest: 'agent--x', template: 'other', traffic: latest, ours: revision(OURS) },
      { act: 'deactivate', revision: OURS },
    ],
    [
      'somebody deployed, nothing of ours is left: left alone',
      { latest: 'agent--x', template: 'other', traffic: latest, ours: revision(OURS, { active: false }) },
      'superseded',
    ],
    ['somebody deployed and theirs is under way: waited for', { latest: 'agent--x', busy: true }, 'progressing'],
    ['somebody moved the traffic: left alone', { traffic: [byName('agent--x')] }, 'superseded'],
    ['a change is under way: waited for', { busy: true }, 'progressing'],
    ['nothing of ours is there, a moment later: looked for', { ...untouched, elapsedMs: 9_000 }, 'progressing'],
    ['nothing of ours is there, ten seconds later', { ...untouched, elapsedMs: 10_000 }, 'untouched'],
    [
      'only the traffic was pinned: it follows the latest again',
      { ...untouched, traffic: [byName(OLD)] },
      { act: 'move-traffic', traffic: latest },
    ],
    ['ours has traffic: what served gets it by name', {}, { act: 'move-traffic', traffic: [byName(OLD)] }],
    [
      'ours will take all of it when it is ready: pinned before anything else',
      { traffic: latest, latestReady: OLD, ours: revision(OURS, { health: 'none' }) },
      { act: 'move-traffic', traffic: [byName(OLD)] },
    ],
    [
      'the document is ahead of the traffic in force: asked for again',
      { traffic: [byName(OLD)], ours: revision(OURS, { share: 100 }) },
      { act: 'move-traffic', traffic: [byName(OLD)] },
    ],
    [
      'what served was ended: woken up first',
      { served: [revision(OLD, { active: false })], traffic: latest },
      { act: 'activate', revision: OLD },
    ],
    [
      'what served is waking up while ours can serve: users stay where they are',
      { served: [revision(OLD, { health: 'none', running: 'activating' })], traffic: latest },
      'progressing',
    ],
    [
      'what served is waking up and ours can not serve: no waiting',
      {
        served: [revision(OLD, { health: 'none', running: 'activating' })],
        traffic: latest,
        ours: revision(OURS, { health: 'unhealthy', share: 100 }),
      },
      { act: 'move-traffic', traffic: [byName(OLD)] },
    ],
    [
      'the traffic is back: the template is put back',
      { traffic: [byName(OLD)], ours: revision(OURS) },
      { act: 'put-back' },
    ],
    ['Single mode: the template is put back', { ...single, ours: revision(OURS, { share: 100 }) }, { act: 'put-back' }],
    ['the way back is not listed yet: waited for', { ...wayBack }, 'progressing'],
    ['the way back starts: waited for', { ...wayBack, back: revision(BACK, { health: 'none' }) }, 'progressing'],
    ['the way back does not come up', { ...wayBack, back: revision(BACK, { running: 'activationfailed' }) }, 'failed'],
    ['Azure did not take the way back', { ...wayBack, hasFailed: true }, 'failed'],
    [
      'the way back is ready: traffic follows the latest again',
      { ...wayBack, back, latestReady: BACK },
      { act: 'move-traffic', traffic: latest },
    ],
    [
      'that is in the document and not in force: asked for again, and nothing is ended',
      { ...wayBack, back, latestReady: BACK, traffic: latest },
      { act: 'move-traffic', traffic: latest },
    ],
    [
      'the way back serves: ours is ended',
      { ...wayBack, back: revision(BACK, { share: 100 }), latestReady: BACK, traffic: latest },
      { act: 'deactivate', revision: OURS },
    ],
    [
      'ours is ended: so is what the way back stands for',
      {
        ...wayBack,
        back: revision(BACK, { share: 100 }),
        latestReady: BACK,
        traffic: latest,
        ours: revision(OURS, { active: false }),
      },
      { act: 'deactivate', revision: OLD },
    ],
    [
      'all is as it was',
      {
        ...wayBack,
        back: revision(BACK, { share: 100 }),
        latestReady: BACK,
        traffic: latest,
        ours: revision(OURS, { active: false }),
        served: [revision(OLD, { active: false })],
      },
      'restored',
    ],
    [
      'traffic by name: the revision that carries the template is ended too',
      { ...wayBack, back, trafficThen: [byName(OLD)], ours: revision(OURS, { active: false }) },
      { act: 'deactivate', revision: BACK },
    ],
    [
      'traffic by name: what served serves again',
      {
        ...wayBack,
        back: revision(BACK, { active: false }),
        trafficThen: [byName(OLD)],
        ours: revision(OURS, { active: false }),
      },
      'restored',
    ],
    [
      'Single mode: the platform has not ended ours yet',
      { ...single, ...wayBack, traffic: [], back, latestReady: BACK },
      'progressing',
    ],
    [
      'the template is neither ours nor the old one',
      { ...wayBack, isTemplateBack: false, back, latestReady: BACK },
      'failed',
    ],
    [
      'ours was there before, without traffic: it loses what we gave it, and stays',
      { latestThen: OURS, template: 'before', isTemplateBack: true, trafficThen: [byName(OLD)] },
      { act: 'move-traffic', traffic: [byName(OLD)] },
    ],
    [
      'ours was there before, and has no traffic again',
      {
        latestThen: OURS,
        template: 'before',
        isTemplateBack: true,
        trafficThen: [byName(OLD)],
        traffic: [byName(OLD)],
        ours: revision(OURS),
      },
      'restored',
    ],
  ])('%s', (_title, parts, expected) => {
    const decision = decideRestoration(factsOf(parts));
    if (typeof expected !== 'string') expect(decision).toEqual(expected);
    else expect(decision).toMatchObject({ act: 'none', answer: { status: expected } });
  });

  test('what serves then is named, where it is not what served before', () => {
    const parts = { ...wayBack, back: revision(BACK, { share: 100 }), latestReady: BACK, traffic: latest };
    const ended = { ours: null, served: [revision(OLD, { active: false })] };
    const decision = decideRestoration(factsOf({ ...parts, ...ended }));
    expect(decision).toMatchObject({ answer: { status: 'restored', by: 'us', revision: BACK } });
  });
});
