import { describe, expect, test } from '@jest/globals';
import {
  editTemplate,
  hashTemplate,
  isSameTemplate,
  listSecretValues,
  toPatch,
  undoTemplate,
} from '../../../../../src/clouds/azure/container-apps/template.ts';
import {
  listConfigurationDifferences,
  listDifferences,
} from '../../../../../src/clouds/azure/container-apps/template-differences.ts';
import type { ImageReference } from '../../../../../src/model/image.ts';
import type { EditChange } from '../../../../../src/model/workload.ts';

const digest = `sha256:${'a'.repeat(64)}` as const;
const image: ImageReference = { registry: 'acme.azurecr.io', repository: 'agent', tag: 'v2', digest };
const newImage = `acme.azurecr.io/agent@${digest}`;

function changeOf(parts: Partial<EditChange> = {}): EditChange {
  return {
    kind: 'edit',
    base: null,
    images: [{ container: null, image }],
    environment: new Map(),
    secrets: new Map(),
    ...parts,
  };
}

const template = {
  revisionSuffix: 'one',
  futureField: { a: [1] },
  scale: { minReplicas: 1 },
  containers: [
    { name: 'web', image: 'acme.azurecr.io/agent:v1', env: [{ name: 'A', value: '1', flag: true }], future: 7 },
    { name: 'proxy', image: 'acme.azurecr.io/proxy:v1', env: null },
  ],
};

describe('the template with our change in it', () => {
  test('has the image by digest in the container that ran this repository, and all else as it was', () => {
    const edited = editTemplate(template, changeOf());
    expect(edited).toEqual({
      ...template,
      containers: [{ ...template.containers[0], image: newImage }, template.containers[1]],
    });
  });

  test('has variables and secrets merged by name: a value that becomes a secret is no value any more', () => {
    const edited = editTemplate(
      template,
      changeOf({ environment: new Map([['B', '2']]), secrets: new Map([['A', 'api-key']]) }),
    );
    const [web] = edited['containers'] as { env: unknown }[];
    expect(web!.env).toEqual([
      { name: 'A', flag: true, secretRef: 'api-key' },
      { name: 'B', value: '2' },
    ]);
  });

  test('loses the variables that are to be there no more', () => {
    const [web] = editTemplate(template, changeOf({ removed: new Set(['A']) }))['containers'] as { env: unknown }[];
    expect(web!.env).toEqual([]);
  });

  test('is refused where the container can not be told, with the names', () => {
    const other = { ...image, repository: 'worker' };
    const change = changeOf({ images: [{ container: null, image: other }] });
    expect(() => editTemplate(template, change)).toThrow(/several containers could be meant/);
    expect(() => editTemplate(template, changeOf({ images: [{ container: 'wep', image }] }))).toThrow(
      expect.objectContaining({ hint: 'Name one of its containers: web, proxy.' }),
    );
  });

  test('goes as suffix and containers only, without what was never set', () => {
    expect(toPatch(template, template, 'd1')).toEqual({
      revisionSuffix: 'd1',
      containers: [template.containers[0], { name: 'proxy', image: 'acme.azurecr.io/proxy:v1' }],
    });
  });

  test('goes with what the present template has otherwise: set, replaced, or removed by null', () => {
    const scale = { maxReplicas: 2, rules: [{ name: 'http' }] };
    const present = { ...template, scale, futureField: null, volumes: [{ name: 'tmp' }] };
    expect(toPatch(present, { ...template, initContainers: [] }, 'd1')).toMatchObject({
      scale: { minReplicas: 1, maxReplicas: null, rules: null },
      futureField: { a: [1] },
      volumes: null,
    });
    expect(toPatch(present, template, 'd1')).not.toHaveProperty('initContainers');
  });

  test('differs by names also in what no deploy changes, and without the images where only configuration counts', () => {
    const [web] = template.containers;
    const other = { scale: { minReplicas: 0 }, containers: [{ ...web, image: 'x', env: [], resources: { cpu: 1 } }] };
    const names = [
      'container web: environment variable A removed',
      'container web: resources changed',
      'container proxy: removed',
      'futureField changed',
      'scale changed',
    ];
    expect(listDifferences(template, other)).toEqual(['container web: image acme.azurecr.io/agent:v1 -> x', ...names]);
    expect(listConfigurationDifferences(template, template)).toEqual([]);
    expect(listConfigurationDifferences(template, other)).toEqual(names);
  });

  test('differs by names, never by values', () => {
    const change = changeOf({ environment: new Map([['A', 'secret-value']]), secrets: new Map([['KEY', 'api-key']]) });
    const lines = listDifferences(template, editTemplate(template, change));
    expect(lines).toEqual([
      `container web: image acme.azurecr.io/agent:v1 -> ${newImage}`,
      'container web: environment variable A changed',
      'container web: secret KEY added',
    ]);
  });

  test('says which values a message of Azure could quote', () => {
    expect(listSecretValues(template)).toEqual(['1']);
  });
});

describe('the way back', () => {
  test('is exactly the old template again, whatever somebody added since', () => {
    const change = changeOf({
      environment: new Map([
        ['A', '9'],
        ['NEW', 'x'],
      ]),
    });
    const ours = { ...editTemplate(template, change), revisionSuffix: 'd1' };
    const undone = undoTemplate(ours, template);
    expect(hashTemplate(undone)).toBe(hashTemplate(template));
    expect(undoTemplate({ ...ours, added: 1 }, template)).toMatchObject({ added: 1 });
  });
});

describe('two templates are the same', () => {
  test.each<[string, object, boolean]>([
    ['whatever their suffix', { ...template, revisionSuffix: 'two' }, true],
    ['in whatever order their members stand', JSON.parse('{"scale":{"minReplicas":1},"futureField":{"a":[1]}}'), false],
    ['whether nothing is null, [] or left out', { ...template, volumes: null, initContainers: [] }, true],
    ['but not with another value', { ...template, scale: { minReplicas: 0 } }, false],
    ['and not with a field more', { ...template, other: false }, false],
  ])('%s', (_title, other, same) => {
    expect(isSameTemplate(template, other as never)).toBe(same);
  });

  test('with their members in another order', () => {
    const { scale, containers, ...rest } = template;
    expect(isSameTemplate({ containers, ...rest, scale }, template)).toBe(true);
  });
});
