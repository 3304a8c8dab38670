import { describe, expect, test } from '@jest/globals';
import { chooseUnselected, copyOf } from '../../../../../src/clouds/kubernetes/split/copy-document.ts';
import { copyLabel, copyName, otherLabel } from '../../../../../src/clouds/kubernetes/split/names.ts';

const template = {
  metadata: {
    labels: { app: 'web', tier: 'front' },
    annotations: { 'prometheus.io/scrape': 'true' },
    creationTimestamp: null,
  },
  spec: {
    containers: [{ name: 'web', image: 'ghcr.io/acme/web@sha256:1' }],
    readinessGates: [{ conditionType: 'target-health.elbv2.k8s.aws/x' }],
    fieldOfTheFuture: { kept: true },
  },
};
const deployment = {
  metadata: {
    name: 'web',
    namespace: 'shop',
    uid: 'u-1',
    labels: { 'app.kubernetes.io/managed-by': 'Helm', 'argocd.argoproj.io/instance': 'shop' },
    annotations: {
      'kubectl.kubernetes.io/last-applied-configuration': '{}',
      'autoscaling.keda.sh/paused-replicas': '4',
      'meta.helm.sh/release-name': 'web',
      'argocd.argoproj.io/tracking-id': 'shop:apps/Deployment:shop/web',
    },
  },
  spec: {
    replicas: 4,
    paused: false,
    revisionHistoryLimit: 10,
    progressDeadlineSeconds: 60,
    strategy: { type: 'Recreate' },
    selector: { matchLabels: { app: 'web' }, matchExpressions: [{ key: 'tier', operator: 'Exists' }] },
    template,
  },
};

function copied(unselectedBy: string | null = null) {
  const annotations = { 'deploy-agent.dev/change': 'm-1' };
  return copyOf(deployment, { template, replicas: 1, annotations, unselectedBy });
}

describe('the second Deployment', () => {
  test('carries nothing of the metadata of the first: no annotation and no label that others act on', () => {
    expect(copied()['metadata']).toEqual({
      name: 'web-canary',
      namespace: 'shop',
      labels: { 'deploy-agent.dev/canary-of': 'web' },
      annotations: { 'deploy-agent.dev/change': 'm-1' },
    });
  });

  test('has pods with the labels of the template, behind a readiness gate beside those that are there', () => {
    expect(copied()['spec']).toEqual({
      replicas: 1,
      revisionHistoryLimit: 0,
      progressDeadlineSeconds: 60,
      selector: { matchLabels: { 'deploy-agent.dev/canary-of': 'web' } },
      template: {
        metadata: {
          ...template.metadata,
          labels: { app: 'web', tier: 'front', 'deploy-agent.dev/canary-of': 'web' },
        },
        spec: {
          ...template.spec,
          readinessGates: [
            { conditionType: 'target-health.elbv2.k8s.aws/x' },
            { conditionType: 'deploy-agent.dev/traffic' },
          ],
        },
      },
    });
  });

  test('differs in one label where a route and not the Service splits the traffic', () => {
    expect(copied('app')).toMatchObject({
      spec: { template: { metadata: { labels: { app: 'web-canary', tier: 'front' } } } },
    });
  });

  test.each([
    [{ tier: 'front', app: 'web' }, 'app'],
    [{ app: 'web', 'app.kubernetes.io/name': 'web' }, 'app.kubernetes.io/name'],
    [{ zone: 'a', tier: 'front' }, 'tier'],
    [{ 'deploy-agent.dev/canary-of': 'web', tier: 'front' }, 'tier'],
    [{}, null],
  ])('of the selector %j, %s is the label in which it differs', (selector, chosen) => {
    expect(chooseUnselected(selector)).toBe(chosen);
  });

  test('names and label values that would be too long are shortened, each in its own way', () => {
    const [one, other] = ['a'.repeat(250), `${'a'.repeat(249)}b`];
    for (const name of [one, other]) {
      expect(copyName(name)).toMatch(/^a+-[0-9a-f]{8}-canary$/);
      expect(copyName(name).length).toBeLessThanOrEqual(253);
      expect(copyLabel(name).length).toBeLessThanOrEqual(63);
      expect(otherLabel(name).length).toBeLessThanOrEqual(63);
    }
    expect(copyName(one)).not.toBe(copyName(other));
    expect(copyLabel(one)).not.toBe(copyLabel(other));
  });
});
