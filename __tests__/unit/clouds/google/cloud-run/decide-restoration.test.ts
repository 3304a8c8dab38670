import { describe, expect, test } from '@jest/globals';
import { decideRestoration } from '../../../../../src/clouds/google/cloud-run/decide-restoration.ts';
import type { RestorationFacts } from '../../../../../src/clouds/google/cloud-run/restoration-facts.ts';
import type { TrafficEntry } from '../../../../../src/clouds/google/cloud-run/service-document.ts';

const ours = { revision: 'agent-new', tag: 'l-1234567', previousTags: ['stable'] };
const entry = (revision: string | null, percent: number, tag: string | null = null): TrafficEntry => ({
  revision,
  percent,
  tag,
});
const stable = entry('agent-old', 0, 'stable');
const previousTraffic = [entry(null, 100), stable];
const previousByName = [entry('agent-old', 100), stable];
const canary = [entry('agent-old', 95), stable, entry('agent-new', 5, ours.tag)];

/** As it is right after our canary got 5%. */
const facts = (change: Partial<RestorationFacts> = {}): RestorationFacts => ({
  ...{
    holder: 'ours',
    holderName: 'acme/agent, run 1',
    restoredBy: 'us',
    isPreview: false,
    late: 'no',
    phase: 'rolling-out',
  },
  ...{
    template: 'ours',
    revision: 'agent-new',
    ours,
    requested: canary,
    effective: canary,
    releaseCommand: 'gcloud …',
  },
  capturedTraffic: change.previousTraffic ?? previousTraffic,
  ...{ previousTraffic, previousByName, finalTraffic: previousTraffic, labelsAreOurs: true },
  ...{ previous: 'agent-old', latestReady: 'agent-new', settled: true, failure: null, changed: true, elapsedMs: 0 },
  ...change,
});
/** The template is restored, and nothing else. */
const restored: Partial<RestorationFacts> = {
  template: 'previous',
  revision: 'agent-old',
  labelsAreOurs: false,
  latestReady: 'agent-old',
};

describe('ours', () => {
  test.each<[string, Partial<RestorationFacts>]>([
    ['with a share of the traffic', {}],
    ['with a tag only', { requested: [...previousByName, entry('agent-new', 0, ours.tag)] }],
    ['that follows the latest', { requested: previousTraffic }],
    [
      'that has no name yet',
      { phase: 'creating', ours: { ...ours, revision: '', tag: '' }, requested: previousByName },
    ],
    ['that is still being rolled out', { settled: false }],
    ['that has all of it', { requested: [entry('agent-new', 100, ours.tag), stable] }],
  ])('%s is restored with the traffic by name', (_, change) => {
    expect(decideRestoration(facts(change))).toEqual({ act: 'restore', traffic: previousByName });
  });

  test('is restored at once where the user’s own form is by name', () => {
    expect(decideRestoration(facts({ previousTraffic: previousByName }))).toEqual({
      act: 'restore',
      traffic: previousByName,
    });
  });

  test('leaves the traffic that another user set, and restores the template, which is ours', () => {
    const requested = [entry('agent-third', 100)];
    expect(decideRestoration(facts({ requested }))).toEqual({ act: 'restore', traffic: null });
    const after = { ...restored, requested, effective: requested };
    expect(decideRestoration(facts(after))).toMatchObject({ answer: { status: 'superseded' } });
  });

  test('is not touched where another run has the marker', () => {
    const holderName = 'acme/agent, run 2, is rolling out agent-new';
    expect(decideRestoration(facts({ holder: 'other', holderName }))).toMatchObject({
      answer: { status: 'superseded', message: expect.stringContaining('acme/agent, run 2') },
    });
  });
});

describe('a rollback', () => {
  test.each<[string, Partial<RestorationFacts>, object]>([
    [
      'it waits until nothing moves',
      { requested: previousByName, settled: false },
      { answer: { status: 'progressing', requested: true } },
    ],
    [
      'it waits until the previous one is the latest again: requesting it sooner would give ours everything',
      { requested: previousByName, latestReady: 'agent-new' },
      { answer: { status: 'progressing', requested: true } },
    ],
    [
      'then it requests the user’s own form',
      { requested: previousByName },
      { act: 'move-traffic', traffic: previousTraffic, why: 'form' },
    ],
    [
      'it gives up on a platform that never takes the previous one for the latest',
      { requested: previousByName, latestReady: 'agent-new', elapsedMs: 60_000 },
      { answer: { status: 'failed', message: expect.stringContaining('by name') } },
    ],
    [
      'it waits for the traffic',
      { requested: previousTraffic, settled: false },
      { answer: { status: 'progressing', requested: true } },
    ],
    ['it waits for traffic that is late', { requested: previousTraffic }, { answer: { status: 'progressing' } }],
    [
      'it is done when the traffic is in effect',
      { requested: previousTraffic, effective: previousByName },
      { answer: { status: 'restored', by: 'us' } },
    ],
    [
      'it has failed when the platform says so',
      { requested: previousTraffic, failure: 'Revision is gone' },
      { answer: { status: 'failed', message: expect.stringContaining('Revision is gone') } },
    ],
    [
      'a service that had failed before us is as before when it serves as before',
      { requested: previousTraffic, effective: previousByName, failure: 'old failure' },
      { answer: { status: 'restored' } },
    ],
    ['a label that is still ours is restored', { requested: previousTraffic, labelsAreOurs: true }, { act: 'restore' }],
    ['our share that came late is taken out', { requested: canary }, { act: 'restore', traffic: previousByName }],
    [
      'another user’s traffic is not touched',
      { requested: [entry('agent-third', 100)] },
      { answer: { status: 'superseded' } },
    ],
    [
      'a tag that another user added is no change',
      { requested: [...previousTraffic, entry('x', 0, 'theirs')], effective: previousByName },
      { answer: { status: 'restored' } },
    ],
  ])('%s', (_, change, expected) => {
    expect(decideRestoration(facts({ ...restored, ...change }))).toMatchObject(expected);
  });
});

describe('a change that never came', () => {
  const never = { ...restored, requested: previousTraffic, effective: previousByName, changed: false };

  test.each<[string, Partial<RestorationFacts>, object]>([
    ['whose answer is known is untouched', {}, { answer: { status: 'untouched' } }],
    ['that may still come is fenced', { late: 'maybe' }, { act: 'fence' }],
    ['that is being fenced: the marker goes', { late: 'fencing', changed: true }, { act: 'unfence' }],
    [
      'that is fenced is waited for, as the service is exactly as before then',
      { late: 'fenced', changed: true, settled: false },
      { answer: { status: 'progressing', requested: false } },
    ],
    ['that is fenced is untouched', { late: 'fenced', changed: true }, { answer: { status: 'untouched' } }],
    [
      'that came before it could be fenced is restored',
      { ...{ late: 'maybe', template: 'ours', changed: true }, requested: canary },
      { act: 'restore', traffic: previousByName },
    ],
  ])('%s', (_, change, expected) => {
    expect(decideRestoration(facts({ ...never, ...change }))).toMatchObject(expected);
  });
});

describe('a previous state that another user or tool restored', () => {
  const another = { ...restored, restoredBy: 'another', revision: 'agent-newer', labelsAreOurs: true } as const;

  test.each<[string, Partial<RestorationFacts>, object]>([
    ['is left as it is', { requested: previousTraffic }, { answer: { status: 'superseded' } }],
    ['with our canary: ours is taken out', { requested: canary }, { act: 'move-traffic', traffic: previousByName }],
    [
      'stays pinned where the latest would be a revision that no one tested',
      { requested: previousByName, effective: previousByName, latestReady: 'agent-newer' },
      { answer: { status: 'superseded', message: expect.stringMatching(/pinned to agent-old 100%.*gcloud …/) } },
    ],
    [
      'follows the latest again where that is the revision that served',
      { requested: previousByName, effective: previousByName, revision: 'agent-old' },
      { act: 'move-traffic', traffic: previousTraffic, why: 'form' },
    ],
  ])('%s', (_, change, expected) => {
    expect(decideRestoration(facts({ ...another, ...change }))).toMatchObject(expected);
  });
});

describe('beside a newer deployment', () => {
  const newer = { template: 'foreign', revision: 'agent-newer' } as const;

  test('our share is taken out, by name', () => {
    expect(decideRestoration(facts(newer))).toEqual({ act: 'move-traffic', traffic: previousByName, why: 'release' });
  });

  test.each<[string, Partial<RestorationFacts>, string]>([
    ['it is waited until ours is out', { requested: previousByName, settled: false }, 'progressing'],
    ['the newer one is not touched when ours is out', { requested: previousByName }, 'superseded'],
    ['the newer one is not touched with its own traffic', { requested: [entry('agent-newer', 100)] }, 'superseded'],
    [
      'the newer one is not touched with the latest',
      { requested: previousTraffic, latestReady: 'agent-newer' },
      'superseded',
    ],
    [
      'it is waited for where it takes over from ours, which is the latest until then',
      { requested: previousTraffic, settled: false },
      'progressing',
    ],
  ])('%s', (_, change, status) => {
    expect(decideRestoration(facts({ ...newer, ...change }))).toMatchObject({ act: 'none', answer: { status } });
  });

  test('ours is taken out by name where the newer one did not start and ours is still the latest', () => {
    const expected = { act: 'move-traffic', traffic: previousByName, why: 'release' };
    expect(decideRestoration(facts({ ...newer, requested: previousTraffic }))).toEqual(expected);
  });

  test('a share that another user gave a third revision stays', () => {
    const requested = [entry('agent-third', 45), entry('agent-old', 45), entry('agent-new', 10, ours.tag)];
    const traffic = [entry('agent-third', 50), entry('agent-old', 50)];
    expect(decideRestoration(facts({ ...newer, requested }))).toEqual({ act: 'move-traffic', traffic, why: 'release' });
  });

  test('that is a preview without a share, the rollback has succeeded, and its traffic stays pinned', () => {
    const change = { ...newer, isPreview: true, requested: previousByName, effective: previousByName };
    expect(decideRestoration(facts(change))).toMatchObject({
      answer: { status: 'restored', message: expect.stringContaining('stays pinned to agent-old 100%') },
    });
  });

  test('a share that a preview had before us is no share of ours to take out', () => {
    const preview = [...previousByName, entry('agent-new', 0, ours.tag)];
    const change = { ...newer, previousTraffic: preview, previousByName: preview, requested: preview };
    expect(decideRestoration(facts(change))).toMatchObject({ answer: { status: 'superseded' } });
  });
});
