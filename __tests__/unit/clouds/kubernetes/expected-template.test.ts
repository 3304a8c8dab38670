import { describe, expect, test } from '@jest/globals';
import { isAsExpected } from '../../../../src/clouds/kubernetes/expected-template.ts';
import { describeConflicts, findOwners } from '../../../../src/clouds/kubernetes/ownership.ts';

const template = (image: string, at?: string) => ({
  metadata: { labels: { app: 'web' }, ...(at === undefined ? {} : { annotations: { at, by: 'policy' } }) },
  spec: { containers: [{ name: 'web', image, env: [{ name: 'AT', value: at ?? '' }] }] },
});

describe('a template is as a policy would make it', () => {
  const mirrored = template('mirror.acme.dev/web:v1');
  test('the same each time', () => {
    expect(isAsExpected(mirrored, { template: mirrored, again: mirrored, isSettled: true })).toBe(true);
    expect(isAsExpected(template('other'), { template: mirrored, again: mirrored, isSettled: true })).toBe(false);
  });
  test.each([
    ['but for what is different each time', template('v1', '0'), true],
    ['not with another image', template('v2', '0'), false],
    [
      'not with something else beside it',
      { ...template('v1', '0'), spec: { ...template('v1', '0').spec, hostNetwork: true } },
      false,
    ],
  ])('%s', (_, live, expected) => {
    expect(isAsExpected(live, { template: template('v1', '1'), again: template('v1', '2'), isSettled: false })).toBe(
      expected,
    );
  });
});

describe('who else manages it', () => {
  test.each([
    [
      'Helm',
      { labels: { 'app.kubernetes.io/managed-by': 'Helm' }, annotations: { 'meta.helm.sh/release-name': 'shop' } },
      'Helm',
      /release shop/,
    ],
    ['Argo CD by a label', { labels: { 'argocd.argoproj.io/instance': 'shop' } }, 'Argo CD', /self-heal/],
    [
      'Argo CD by an annotation',
      { annotations: { 'argocd.argoproj.io/tracking-id': 'shop:apps/Deployment:shop/web' } },
      'Argo CD',
      /\(shop\)/,
    ],
    ['Flux', { labels: { 'kustomize.toolkit.fluxcd.io/name': 'apps' } }, 'Flux', /flux suspend/],
    [
      'Flagger',
      { ownerReferences: [{ kind: 'Canary', name: 'web', apiVersion: 'flagger.app/v1beta1', controller: true }] },
      'Canary web',
      /flagger\.app/,
    ],
  ])('%s', (_, metadata, name, note) => {
    expect(findOwners({ metadata })).toEqual([expect.objectContaining({ name, note: expect.stringMatching(note) })]);
  });
  test('no one', () => {
    expect(findOwners({ metadata: { labels: { app: 'web' } } })).toEqual([]);
  });
});

describe('after a success, the conflict to come is named', () => {
  const taken = (manager: string, operation: string) => [
    { manager, operation, apiVersion: 'apps/v1', fieldsV1: { 'f:spec': { 'f:template': { 'f:spec': {} } } } },
  ];
  test.each([
    ['helm', 'Apply', /--force-conflicts/],
    ['argocd-controller', 'Apply', /sync of Argo CD/],
    ['terraform', 'Apply', /conflict with "deploy-agent"/],
    ['kubectl-client-side-apply', 'Update', /without a word/],
  ])('%s', (manager, operation, note) => {
    expect(describeConflicts({ own: [], taken: taken(manager, operation) })).toEqual([expect.stringMatching(note)]);
  });
  test('nothing where no one had applied it', () => {
    expect(describeConflicts({ own: [], taken: taken('kubectl-set', 'Update') })).toEqual([]);
  });
});
