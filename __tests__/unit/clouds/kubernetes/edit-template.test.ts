import { describe, expect, test } from '@jest/globals';
import { editTemplate } from '../../../../src/clouds/kubernetes/edit-template.ts';
import {
  listConfigurationDifferences,
  listDifferences,
} from '../../../../src/clouds/kubernetes/template-differences.ts';
import {
  objectAnnotations,
  templateOperations,
  wholeTemplate,
} from '../../../../src/clouds/kubernetes/template-patch.ts';
import type { ImageReference } from '../../../../src/model/image.ts';
import type { EditChange } from '../../../../src/model/workload.ts';

const image: ImageReference = {
  registry: 'ghcr.io',
  repository: 'acme/web',
  tag: 'v2',
  digest: `sha256:${'2'.repeat(64)}`,
};
const V2 = `ghcr.io/acme/web@${image.digest}`;
const web = {
  name: 'web',
  image: 'ghcr.io/acme/web:v1',
  env: [
    { name: 'MODE', value: 'one' },
    { name: 'PATH_A', value: '/a' },
    { name: 'MODE', value: 'two' },
    { name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
  ],
};
const proxy = { name: 'proxy', image: 'envoy:1' };
const init = { name: 'migrate', image: 'ghcr.io/acme/web:v1' };
const template = { metadata: { labels: { app: 'web' } }, spec: { initContainers: [init], containers: [web, proxy] } };

const change = (more: Partial<EditChange> = {}): EditChange => ({
  ...{ kind: 'edit', images: [{ container: 'web', image }], environment: new Map(), secrets: new Map(), base: null },
  ...more,
});
const edited = (more: Partial<EditChange>) => editTemplate(template, change(more));
const envOf = (result: object) =>
  (result as { readonly spec: { readonly containers: readonly (typeof web)[] } }).spec.containers[0]!.env;

describe('editing', () => {
  test('changes the image and nothing else', () => {
    expect(edited({})).toEqual({ ...template, spec: { ...template.spec, containers: [{ ...web, image: V2 }, proxy] } });
  });
  test('removes every variable of a name, and its reference', () => {
    const names = envOf(edited({ removed: new Set(['MODE', 'POD_IP', 'NEVER_THERE']) })).map(({ name }) => name);
    expect(names).toEqual(['PATH_A']);
  });
  test('of init containers too, by name', () => {
    const images = [
      { container: 'migrate', image },
      { container: 'web', image },
    ];
    const result = edited({ images }) as typeof template;
    expect([result.spec.initContainers[0]!.image, result.spec.containers[0]!.image]).toEqual([V2, V2]);
  });
  test('keeps order and duplicates of variables, changes every one of a name, and adds at the end', () => {
    const environment = new Map([
      ['PATH_A', '/b'],
      ['NEW', '1'],
      ['MODE', 'three'],
    ]);
    expect(envOf(edited({ environment }))).toEqual([
      { name: 'MODE', value: 'three' },
      { name: 'PATH_A', value: '/b' },
      { name: 'MODE', value: 'three' },
      web.env[3],
      { name: 'NEW', value: '1' },
    ]);
  });
  test('replaces a value by a reference in place, without leaving the value (kubernetes/kubernetes#46861)', () => {
    const secrets = new Map([
      ['PATH_A', 'secret/openai/api-key'],
      ['POD_IP', 'configmap/web/ip'],
    ]);
    expect(envOf(edited({ secrets })).slice(1)).toEqual([
      { name: 'PATH_A', valueFrom: { secretKeyRef: { name: 'openai', key: 'api-key' } } },
      web.env[2],
      { name: 'POD_IP', valueFrom: { configMapKeyRef: { name: 'web', key: 'ip' } } },
    ]);
  });
  test('keeps what a reference says beside name and key', () => {
    const optional = { name: 'KEY', valueFrom: { secretKeyRef: { name: 'openai', key: 'api-key', optional: true } } };
    const one = { ...template, spec: { containers: [{ ...web, env: [optional] }] } };
    expect(envOf(editTemplate(one, change({ secrets: new Map([['KEY', 'secret/openai/api-key']]) })))).toEqual([
      optional,
    ]);
  });
  test('knows the main container by the annotation of kubectl', () => {
    const one = { ...template, metadata: { annotations: { 'kubectl.kubernetes.io/default-container': 'web' } } };
    const result = editTemplate(one, change({ images: [{ container: null, image }] })) as typeof template;
    expect(result.spec.containers.map((container) => container.image)).toEqual([V2, 'envoy:1']);
  });
});

describe('refused', () => {
  test('containers that aren’t there, all at once: a strategic merge would add them', () => {
    const images = [
      { container: 'wbe', image },
      { container: 'prxy', image },
    ];
    expect(() => edited({ images })).toThrow(
      expect.objectContaining({
        code: 'INPUT_INVALID',
        message: expect.stringContaining('there are no containers wbe, prxy'),
        hint: 'Its containers: web, proxy, migrate.',
      }),
    );
  });
  test('one that isn’t there, with the one that was meant', () => {
    expect(() => edited({ images: [{ container: 'wbe', image }] })).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('Did you mean `web`?') }),
    );
  });
  test.each(['hunter2-the-password', 'secret/openai', 'secret/Open AI/key', 'configmap//key', 'deployment/web/x'])(
    'a reference that is none, which is not repeated: %s',
    (reference) => {
      const refuse = () => edited({ secrets: new Map([['KEY', reference]]) });
      expect(refuse).toThrow(
        expect.objectContaining({ code: 'INPUT_INVALID', message: expect.not.stringContaining(reference) }),
      );
    },
  );
});

describe('as a patch', () => {
  test('only the image is sent, behind a test of the container’s name', () => {
    expect(templateOperations(template, edited({}))).toEqual([
      { op: 'test', path: '/spec/template/spec/containers/0/name', value: 'web' },
      { op: 'add', path: '/spec/template/spec/containers/0/image', value: V2 },
    ]);
  });
  test('variables are sent as the whole list', () => {
    expect(
      templateOperations(template, editTemplate(template, change({ environment: new Map([['NEW', '1']]) }))),
    ).toContainEqual({
      op: 'add',
      path: '/spec/template/spec/containers/0/env',
      value: [...web.env, { name: 'NEW', value: '1' }],
    });
  });
  test('nothing where nothing changes', () => {
    expect(templateOperations(template, template)).toEqual([]);
  });
  test('an annotation of the pods, where there is none yet', () => {
    const after = { ...template, metadata: { ...template.metadata, annotations: { at: 'now' } } };
    expect(templateOperations(template, after)).toEqual([
      { op: 'add', path: '/spec/template/metadata/annotations', value: { at: 'now' } },
    ]);
  });
  test('a whole template', () => {
    expect(wholeTemplate(template)).toEqual([{ op: 'replace', path: '/spec/template', value: template }]);
  });
});

describe('annotations of the object', () => {
  const object = { metadata: { annotations: { 'a/b': '1', c: '2' } } };
  test.each([
    ['what is so already is left out', object, { 'a/b': '1', d: null }, []],
    [
      'one is changed, one removed',
      object,
      { 'a/b': '2', c: null },
      [
        { op: 'add', path: '/metadata/annotations/a~1b', value: '2' },
        { op: 'remove', path: '/metadata/annotations/c' },
      ],
    ],
    [
      'the first makes the map',
      { metadata: {} },
      { a: '1' },
      [{ op: 'add', path: '/metadata/annotations', value: { a: '1' } }],
    ],
    [
      'the last takes the map away',
      object,
      { 'a/b': null, c: null },
      [{ op: 'remove', path: '/metadata/annotations' }],
    ],
  ])('%s', (_, one, wanted, operations) => {
    expect(objectAnnotations(one, wanted)).toEqual(operations);
  });
});

describe('differences', () => {
  test('images are shown, of everything else only the name', () => {
    const secrets = new Map([['PATH_A', 'secret/openai/api-key']]);
    const lines = listDifferences(template, edited({ environment: new Map([['NEW', 'hidden-value']]), secrets }));
    expect(lines).toEqual([
      `container web: image ghcr.io/acme/web:v1 -> ${V2}`,
      'container web: PATH_A becomes a reference',
      'container web: environment variable NEW added',
    ]);
    expect(lines.join()).not.toContain('hidden-value');
  });
  test('without images', () => {
    expect(listConfigurationDifferences(template, edited({}))).toEqual([]);
  });
  test('of the pod, its containers and its metadata', () => {
    const after = {
      metadata: { labels: { app: 'web', tier: 'x' } },
      spec: { containers: [web, { name: 'log', image: 'l' }], hostNetwork: true },
    };
    expect(listDifferences(template, after)).toEqual([
      'init container migrate removed',
      'container log added',
      'container proxy removed',
      'hostNetwork changed',
      'pod label tier changed',
    ]);
  });
});
