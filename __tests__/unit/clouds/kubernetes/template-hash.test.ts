import { describe, expect, test } from '@jest/globals';
import { isMadeByUs, isOurs, makeMark } from '../../../../src/clouds/kubernetes/change-mark.ts';
import { hashImages, hashTemplate, keptTemplate } from '../../../../src/clouds/kubernetes/template-hash.ts';

const template = (image = 'ghcr.io/acme/web:v1', more: object = {}) => ({
  metadata: { labels: { app: 'web' } },
  spec: { containers: [{ name: 'web', image, ...more }], initContainers: [{ name: 'init', image: 'busybox' }] },
});

describe('equal', () => {
  test('the template that a ReplicaSet keeps has one label more', () => {
    const kept = {
      spec: { template: { ...template(), metadata: { labels: { app: 'web', 'pod-template-hash': '6d4f' } } } },
    };
    expect(keptTemplate(kept)).toEqual(template());
    expect(hashTemplate(kept.spec.template)).toBe(hashTemplate(template()));
  });
  test('that of a ControllerRevision is a patch', () => {
    const kept = { data: { spec: { template: { $patch: 'replace', ...template() } } } };
    expect(keptTemplate(kept)).toEqual(template());
  });
  test('some API servers write a creationTimestamp of null', () => {
    const old = { ...template(), metadata: { creationTimestamp: null, labels: { app: 'web' } } };
    expect(hashTemplate(old)).toBe(hashTemplate(template()));
  });
  test('whatever the order of members', () => {
    const { metadata, spec } = template();
    expect(hashTemplate({ spec, metadata })).toBe(hashTemplate({ metadata, spec }));
  });
});

test.each([
  ['another image', template('ghcr.io/acme/web:v2')],
  ['another member', template('ghcr.io/acme/web:v1', { imagePullPolicy: 'Always' })],
  ['another annotation', { ...template(), metadata: { labels: { app: 'web' }, annotations: { a: 'b' } } }],
])('not equal: %s', (_, other) => {
  expect(hashTemplate(other)).not.toBe(hashTemplate(template()));
});

test('by images only: nothing but the images of all containers counts', () => {
  expect(hashImages(template('ghcr.io/acme/web:v1', { env: [] }))).toBe(hashImages(template()));
  expect(hashImages(template('ghcr.io/acme/web:v2'))).not.toBe(hashImages(template()));
});

describe('a mark', () => {
  const object = (mark: string, image?: string) => ({
    metadata: { annotations: { 'deploy-agent.dev/change': mark } },
    spec: { template: template(image) },
  });
  const mark = makeMark(template(), { isSettled: true });

  test('is unique', () => {
    expect(makeMark(template(), { isSettled: true })).not.toBe(mark);
  });
  test.each([
    ['ours', object(mark), true],
    ['not with another template under our annotation', object(mark, 'ghcr.io/acme/web:v3'), false],
    ['not with another run’s annotation on our template', object(makeMark(template(), { isSettled: true })), false],
    ['not without an annotation', { spec: { template: template() } }, false],
  ])('%s', (_, one, expected) => {
    expect(isOurs(one, mark)).toBe(expected);
  });
  test('tells ours by the images alone where a policy changes the rest each time', () => {
    const loose = makeMark(template(), { isSettled: false });
    const changed = object(loose);
    expect(
      isOurs({ ...changed, spec: { template: template('ghcr.io/acme/web:v1', { env: [{ name: 'AT' }] }) } }, loose),
    ).toBe(true);
    expect(isOurs(object(loose, 'ghcr.io/acme/web:v2'), loose)).toBe(false);
  });
  test('of any run of ours is known as ours, and no other', () => {
    expect(isMadeByUs(object(mark))).toBe(true);
    expect(isMadeByUs(object('v1'))).toBe(false);
    expect(isMadeByUs({ spec: { template: template() } })).toBe(false);
  });
});
