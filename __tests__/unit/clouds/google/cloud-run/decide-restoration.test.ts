import { describe, expect, test } from '@jest/globals';
import {
  decideRestoration,
  type RestorationFacts,
} from '../../../../../src/clouds/google/cloud-run/decide-restoration.ts';
import type { TrafficEntry } from '../../../../../src/clouds/google/cloud-run/service-document.ts';

const ours = { revision: 'agent-new', tag: 'l-1234567', tagsBefore: ['stable'] };
const entry = (revision: string | null, percent: number, tag: string | null = null): TrafficEntry => ({
  revision,
  percent,
  tag,
});
const stable = entry('agent-old', 0, 'stable');
const before = [entry(null, 100), stable];
const serves = [entry('agent-old', 100), stable];
const canary = [entry('agent-old', 95), stable, entry('agent-new', 5, ours.tag)];

/** As it is right after our canary got 5 %. */
const facts = (change: Partial<RestorationFacts> = {}): RestorationFacts => ({
  ...{ template: 'ours', revision: 'agent-new', ours, wanted: canary, effective: canary },
  ...{ before, serves, done: before, labelsAreOurs: true, back: 'agent-old', latestReady: 'agent-new' },
  ...{ settled: true, failure: null, changed: true, elapsedMs: 0 },
  ...change,
});
/** The template is back, and nothing else. */
const back: Partial<RestorationFacts> = {
  template: 'before',
  revision: 'agent-old',
  labelsAreOurs: false,
  latestReady: 'agent-old',
};

describe('ours', () => {
  test.each<[string, Partial<RestorationFacts>]>([
    ['with a share of the traffic', {}],
    ['with a tag only', { wanted: [...serves, entry('agent-new', 0, ours.tag)] }],
    ['that follows the latest', { wanted: before }],
    ['that is still being rolled out', { settled: false }],
    ['that has all of it', { wanted: [entry('agent-new', 100, ours.tag), stable] }],
  ])('%s is put back with the traffic by name', (_, change) => {
    expect(decideRestoration(facts(change))).toEqual({ act: 'put-back', traffic: serves });
  });

  test('is put back at once where the user’s own form is by name', () => {
    expect(decideRestoration(facts({ before: serves }))).toEqual({ act: 'put-back', traffic: serves });
  });

  test('is left alone where somebody else moved the traffic', () => {
    const wanted = [entry('agent-third', 100)];
    expect(decideRestoration(facts({ wanted }))).toMatchObject({ answer: { status: 'superseded' } });
  });
});

describe('on the way back', () => {
  test.each<[string, Partial<RestorationFacts>, object]>([
    [
      'it waits until nothing moves',
      { wanted: serves, settled: false },
      { answer: { status: 'progressing', requested: true } },
    ],
    [
      'it waits until the old one is the latest again: asking sooner would give ours everything',
      { wanted: serves, latestReady: 'agent-new' },
      { answer: { status: 'progressing', requested: true } },
    ],
    ['then it asks for the user’s own form', { wanted: serves }, { act: 'move-traffic', traffic: before, why: 'form' }],
    [
      'it gives up on a platform that never takes the old one for the latest',
      { wanted: serves, latestReady: 'agent-new', elapsedMs: 60_000 },
      { answer: { status: 'failed', message: expect.stringContaining('by name') } },
    ],
    [
      'it waits for the traffic',
      { wanted: before, settled: false },
      { answer: { status: 'progressing', requested: true } },
    ],
    ['it waits for traffic that is late', { wanted: before }, { answer: { status: 'progressing' } }],
    [
      'it is done when the traffic is in effect',
      { wanted: before, effective: serves },
      { answer: { status: 'restored', by: 'us' } },
    ],
    [
      'it has failed when the platform says so',
      { wanted: before, failure: 'Revision is gone' },
      { answer: { status: 'failed', message: expect.stringContaining('Revision is gone') } },
    ],
    [
      'a service that had failed before us is as before when it serves as before',
      { wanted: before, effective: serves, failure: 'old failure' },
      { answer: { status: 'restored' } },
    ],
    ['a label that is still ours is put back', { wanted: before, labelsAreOurs: true }, { act: 'put-back' }],
    ['our share that came late is taken out', { wanted: canary }, { act: 'put-back', traffic: serves }],
    [
      'somebody else’s traffic is left alone',
      { wanted: [entry('agent-third', 100)] },
      { answer: { status: 'superseded' } },
    ],
    [
      'a tag that somebody else added is no change',
      { wanted: [...before, entry('x', 0, 'theirs')], effective: serves },
      { answer: { status: 'restored' } },
    ],
  ])('%s', (_, change, expected) => {
    expect(decideRestoration(facts({ ...back, ...change }))).toMatchObject(expected);
  });
});

describe('a change that never came', () => {
  const never = { ...back, wanted: before, effective: serves, changed: false };

  test('is looked for for ten seconds', () => {
    expect(decideRestoration(facts({ ...never, elapsedMs: 9_999 }))).toMatchObject({
      answer: { status: 'progressing', requested: false },
    });
  });

  test('is untouched then', () => {
    expect(decideRestoration(facts({ ...never, elapsedMs: 10_000 }))).toMatchObject({
      answer: { status: 'untouched' },
    });
  });
});

describe('beside somebody else’s template', () => {
  const theirs = { template: 'foreign', revision: 'agent-theirs' } as const;

  test('our share is taken out, by name', () => {
    expect(decideRestoration(facts(theirs))).toEqual({ act: 'move-traffic', traffic: serves, why: 'release' });
  });

  test.each<[string, Partial<RestorationFacts>, string]>([
    ['it is waited until ours is out', { wanted: serves, settled: false }, 'progressing'],
    ['theirs is left alone when ours is out', { wanted: serves }, 'superseded'],
    ['theirs is left alone with their traffic', { wanted: [entry('agent-theirs', 100)] }, 'superseded'],
    ['theirs is left alone with the latest', { wanted: before }, 'superseded'],
  ])('%s', (_, change, status) => {
    expect(decideRestoration(facts({ ...theirs, ...change }))).toMatchObject({ act: 'none', answer: { status } });
  });

  test('a share that a preview had before us is no share of ours to take out', () => {
    const preview = [...serves, entry('agent-new', 0, ours.tag)];
    const change = { ...theirs, before: preview, serves: preview, wanted: preview };
    expect(decideRestoration(facts(change))).toMatchObject({ answer: { status: 'superseded' } });
  });
});
