import { describe, expect, test } from '@jest/globals';
import {
  copyServiceOf,
  defaultOverlapMs,
  findPodPort,
  findUncontrollable,
  isNarrowed,
  ownSelector,
  selectorPatch,
  selectsPods,
} from '../../../../../src/clouds/kubernetes/split/services.ts';

const OURS = { 'deploy-agent.dev/canary-of': 'web' };

function service(spec: object, annotations = {}) {
  return { metadata: { name: 'web', namespace: 'shop', resourceVersion: '7', annotations }, spec };
}

describe('which Services send traffic to the pods', () => {
  const labels = { app: 'web', tier: 'front' };
  test.each([
    [{ app: 'web' }, true],
    [{ app: 'web', tier: 'front' }, true],
    [{ app: 'web', ...OURS }, true],
    [{ app: 'web', tier: 'back' }, false],
    [{ app: 'web', zone: 'a' }, false],
    [{}, false],
    [undefined, false],
  ])('selector %j: %s', (selector, expected) => {
    expect(selectsPods(service({ selector }), labels)).toBe(expected);
  });
});

test('a Service is narrowed by one key, and given back by removing that key alone', () => {
  const live = service({ selector: { app: 'web' } });
  expect(selectorPatch(live, 'web')).toEqual({ metadata: { resourceVersion: '7' }, spec: { selector: OURS } });
  expect(selectorPatch(live, null)).toEqual({
    metadata: { resourceVersion: '7' },
    spec: { selector: { 'deploy-agent.dev/canary-of': null } },
  });
  const narrowed = service({ selector: { app: 'web', ...OURS } });
  expect([isNarrowed(live), isNarrowed(narrowed)]).toEqual([false, true]);
  expect(ownSelector(narrowed)).toEqual({ app: 'web' });
});

test('a Service that sends to pods that are not ready has no valve', () => {
  expect(findUncontrollable(service({ publishNotReadyAddresses: true }))).toContain('publishNotReadyAddresses');
  expect(findUncontrollable(service({}))).toBeNull();
});

test.each([
  [service({ type: 'ClusterIP' }), 5_000],
  [service({ type: 'NodePort' }), 5_000],
  [service({ type: 'LoadBalancer' }), 30_000],
  [service({ type: 'ClusterIP' }, { 'cloud.google.com/neg': '{"ingress":true}' }), 30_000],
  [service({ type: 'ClusterIP', clusterIP: 'None' }), 30_000],
])('%j gets %i ms to follow', (given, expected) => {
  expect(defaultOverlapMs(given)).toBe(expected);
});

describe('where a pod answers', () => {
  const template = {
    spec: { containers: [{ name: 'proxy' }, { name: 'web', ports: [{ name: 'web', containerPort: 8080 }] }] },
  };
  test.each([
    [[{ port: 80, targetPort: 3000 }], { port: 3000, isTls: false }],
    [[{ port: 80 }], { port: 80, isTls: false }],
    [[{ port: 80, targetPort: 'web' }], { port: 8080, isTls: false }],
    [[{ port: 80, targetPort: 'gone' }], null],
    [
      [
        { name: 'metrics', port: 9090 },
        { name: 'http', port: 80, targetPort: 'web' },
      ],
      { port: 8080, isTls: false },
    ],
    [[{ name: 'https', port: 443, targetPort: 8443 }], { port: 8443, isTls: true }],
    [[{ name: 'x', port: 443, appProtocol: 'HTTPS' }], { port: 443, isTls: true }],
    [[{ port: 53, protocol: 'UDP' }], null],
    [[], null],
  ])('%j: %j', (ports, expected) => {
    expect(findPodPort(service({ ports }), template)).toEqual(expected);
  });
});

test("the copy's own Service has the same ports, and takes no node's", () => {
  const ports = [{ name: 'http', port: 80, targetPort: 'web', nodePort: 30080, appProtocol: 'http' }];
  const live = service({ type: 'LoadBalancer', selector: { app: 'web' }, ports, clusterIP: '10.0.0.1' });
  expect(copyServiceOf(live, { name: 'web-canary', label: 'web' })).toEqual({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web-canary', namespace: 'shop', labels: OURS },
    spec: {
      type: 'ClusterIP',
      selector: OURS,
      ports: [{ name: 'http', port: 80, targetPort: 'web', appProtocol: 'http' }],
    },
  });
});
