import { describe, expect, test } from '@jest/globals';
import { toState } from '../../../../../src/clouds/azure/container-apps/app.ts';
import { listAccessLimits } from '../../../../../src/clouds/azure/container-apps/endpoint.ts';
import { findFailureHint } from '../../../../../src/clouds/azure/container-apps/failure-hint.ts';
import { parseRestoreData } from '../../../../../src/clouds/azure/container-apps/restore-data.ts';
import {
  findOurRevision,
  formatRevision,
  makeSuffix,
  restoreRevisionName,
  suffixOf,
} from '../../../../../src/clouds/azure/container-apps/revision-name.ts';
import { containerAppsTarget } from '../../../../../src/clouds/azure/container-apps/target.ts';
import { acrRegistry } from '../../../../../src/clouds/azure/registry/registry.ts';
import { readStepInputs } from '../../../../../src/inputs/step-inputs.ts';

const id = '5ab50000-0000-4000-8000-0000000000aa';

function parse(inputs: Record<string, string>) {
  const env = Object.entries(inputs).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]);
  const reader = readStepInputs(Object.fromEntries(env));
  containerAppsTarget.parse(reader);
  acrRegistry.parse(reader);
  reader.ensureNoProblems();
}

describe('the inputs', () => {
  test('app and resource group are enough', () => {
    expect(() => parse({ service: 'agent', 'resource-group': 'Prod.Group_(1)' })).not.toThrow();
  });

  test.each([
    ['service', { service: 'Agent' }],
    ['service', { service: 'agent--d1' }],
    ['service', { service: `a${'b'.repeat(32)}` }],
    ['resource-group', { 'resource-group': 'a/b' }],
    ['subscription', { subscription: 'acme production' }],
    ['client-id', { 'client-id': `x${id}` }],
    ['keep-previous', { 'keep-previous': '2h' }],
  ])('%s is checked', (name, given) => {
    expect(() => parse({ service: 'agent', 'resource-group': 'prod', ...given })).toThrow(new RegExp(`- ${name}: got`));
  });

  test('what is wrong for the app and its registry is told once', () => {
    expect(() => parse({ service: 'agent', 'resource-group': 'prod', 'client-id': 'acme' })).toThrow(
      expect.objectContaining({ message: expect.stringMatching(/^[^\n]*\n {2}- client-id: [^\n]*$/) }),
    );
  });

  test('what went into the wrong input is not repeated where it may be a secret', () => {
    expect(() => parse({ service: 'agent', 'resource-group': 'prod', 'client-id': 'hunter2' })).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining('hunter2') }),
    );
  });
});

const NOW = 1_800_000_000_000;

describe('the name of a revision', () => {
  test('is new every time, one that Azure takes, and leaves room for the one that restores', () => {
    for (const app of ['a1', 'agent', 'a'.repeat(32)]) {
      const names = Array.from({ length: 200 }, () =>
        formatRevision(app, makeSuffix(1_800_000_000_000, { followed: true })),
      );
      expect(new Set(names).size).toBe(200);
      for (const name of names) {
        expect(suffixOf(name)).toMatch(/^[a-z][a-z0-9]{5,}$/);
        expect(restoreRevisionName(name).length).toBeLessThanOrEqual(54);
        expect(suffixOf(restoreRevisionName(name))).toMatch(/^[a-z][a-z0-9-]*[a-z0-9]$/);
      }
    }
  });
});

test.each([
  [formatRevision('agent', makeSuffix(NOW, { followed: true })), { followed: true, madeAt: NOW / 1_000 }],
  [formatRevision('agent', makeSuffix(NOW, { followed: false })), { followed: false, madeAt: NOW / 1_000 }],
  [
    restoreRevisionName(formatRevision('agent', makeSuffix(NOW, { followed: true }))),
    { followed: true, madeAt: NOW / 1_000 },
  ],
  // Suffixes of users; three of them are as long as ours.
  ...['fix1', 'abcdefg', 'deploy20261128', 'fix-2026-11-28', 'dstagingdeploy'].map(
    (s) => [`agent--${s}`, null] as const,
  ),
  [formatRevision('agent', makeSuffix(NOW + 7 * 86_400_000, { followed: true })), null],
] as const)('what the name of %s says of a revision of ours: %j', (name, said) => {
  expect(findOurRevision(name, NOW)).toEqual(said);
});

describe('a restore point', () => {
  const data = { mode: 'single', latest: 'a', ready: 'a', base: 'a', hash: 'x', baseHash: 'x', traffic: null };
  test.each([
    ['of another app', { resource: 'container app other', data }],
    ['of another version', { resource: 'container app agent', data: { ...data, mode: 'triple' } }],
    ['that is not complete', { resource: 'container app agent', data: { ...data, hash: null } }],
    ['with traffic of another form', { resource: 'container app agent', data: { ...data, traffic: 'a=100' } }],
  ])('%s is refused', (_title, point) => {
    expect(() => parseRestoreData({ revision: 'a', ...point }, { resource: 'container app agent' })).toThrow(
      expect.objectContaining({ code: 'JOURNAL_INVALID' }),
    );
  });
});

test.each([
  [{ external: true }, 0],
  [{ external: true, ipSecurityRestrictions: null, clientCertificateMode: 'ignore' }, 0],
  [{ external: false, clientCertificateMode: 'Require' }, 2],
  [{ external: true, ipSecurityRestrictions: [{ name: 'office' }] }, 1],
  [null, 1],
])('of the ingress %j, %i limits are found', (ingress, limits) => {
  expect(listAccessLimits(toState({ properties: { configuration: { ingress } } }))).toHaveLength(limits);
});

test.each([
  ['GET https: UNAUTHORIZED: authentication required', /AcrPull/],
  ['MANIFEST_UNKNOWN: manifest is not known to the registry', /exists in the registry/],
  ['Container terminated: exit code 137, reason OOMKilled', /raise the memory/],
  ['container web: Waiting, CrashLoopBackOff, restarted twice', /last log lines/],
  ['Deployment Progress Deadline Exceeded. 0/1 replicas ready.', /No replica became ready/],
])('%s leads to the next step', (text, hint) => {
  expect(findFailureHint(text)).toMatch(hint);
});
