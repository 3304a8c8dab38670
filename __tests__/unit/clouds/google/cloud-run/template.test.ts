import { describe, expect, test } from '@jest/globals';
import {
  previousTemplate,
  previousTemplateBeside,
} from '../../../../../src/clouds/google/cloud-run/previous-template.ts';
import { hashTemplate } from '../../../../../src/clouds/google/cloud-run/revision-name.ts';
import { editTemplate } from '../../../../../src/clouds/google/cloud-run/template.ts';
import { type ImageReference, parseImageName } from '../../../../../src/model/image.ts';
import type { EditChange } from '../../../../../src/model/workload.ts';

const image = (name: string): ImageReference =>
  parseImageName(`europe-west1-docker.pkg.dev/p/r/${name}@sha256:${'a'.repeat(64)}`) as ImageReference;
const change = (rest: Partial<EditChange> = {}): EditChange => ({
  kind: 'edit',
  base: null,
  ...{ images: [{ container: null, image: image('agent') }], environment: new Map(), secrets: new Map() },
  ...rest,
});
const web = { name: 'web', image: 'old', ports: [{ containerPort: 8080 }], env: [{ name: 'A', value: '1' }] };
const sidecar = { name: 'proxy', image: 'other' };
const template = { revision: 'agent-one', future: true, containers: [sidecar, web], volumes: [] };

describe('the edited template', () => {
  test('changes the container that takes requests, loses its name, and keeps everything else', () => {
    expect(editTemplate(template, change())).toEqual({
      ...{ future: true, volumes: [] },
      containers: [sidecar, { ...web, image: `europe-west1-docker.pkg.dev/p/r/agent@sha256:${'a'.repeat(64)}` }],
    });
  });

  test.each([
    ['the only one', [{ image: 'x' }], null, 0],
    ['the one that is named', [sidecar, web], 'proxy', 0],
    [
      'the one that runs the same repository',
      [sidecar, { image: 'europe-west1-docker.pkg.dev/p/r/agent:v1' }],
      null,
      1,
    ],
  ])('chooses %s', (_, containers, container, index) => {
    const edited = editTemplate({ containers }, change({ images: [{ container, image: image('agent') }] }));
    expect((edited['containers'] as { image: string }[])[index]!.image).toContain('@sha256:');
  });

  test.each([
    ['a container that is not there', 'wbe', /there is no container wbe/],
    ['two that could be meant', null, /several containers could be meant/],
  ])('refuses %s', (_, container, message) => {
    const containers = [sidecar, { name: 'b', image: 'x' }];
    expect(() => editTemplate({ containers }, change({ images: [{ container, image: image('agent') }] }))).toThrow(
      message,
    );
  });

  test('refuses a container with two images', () => {
    const images = [image('a'), image('b')].map((one) => ({ container: 'web', image: one }));
    expect(() => editTemplate(template, change({ images }))).toThrow(/container web: it has two images/);
  });

  test('is equal where a variable and a secret are so already, whatever else their entries hold', () => {
    const env = [
      { name: 'A', value: '1', future: 1 },
      { name: 'EMPTY' },
      { name: 'S', valueSource: { secretKeyRef: { secret: 's', version: 'latest' }, future: 2 } },
    ];
    const live = {
      containers: [{ image: image('agent') && `europe-west1-docker.pkg.dev/p/r/agent@sha256:${'a'.repeat(64)}`, env }],
    };
    const secrets = new Map([['S', 's']]);
    const environment = new Map([
      ['A', '1'],
      ['EMPTY', ''],
    ]);
    expect(editTemplate(live, change({ environment, secrets }))).toEqual(live);
  });

  test('loses the variables and the references that are to be there no more', () => {
    const set = change({
      environment: new Map([
        ['KEEP', '1'],
        ['OLD', '2'],
      ]),
      secrets: new Map([['REF', 's']]),
    });
    const live = editTemplate(template, set);
    const edited = editTemplate(live, change({ removed: new Set(['OLD', 'REF']) }));
    expect(edited).toEqual(editTemplate(template, change({ environment: new Map([['KEEP', '1']]) })));
  });

  test.each(['s/p a', '', 'projects/p/secrets/s/x', 'a:b:c', 'hunter2!'])(
    'refuses the reference %j without repeating it',
    (reference) => {
      const edit = (): unknown => editTemplate(template, change({ secrets: new Map([['S', reference]]) }));
      expect(edit).toThrow(/one of its values is no reference to a secret/);
      if (reference) expect(edit).not.toThrow(new RegExp(reference.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')));
    },
  );
});

describe('the template of before, where ours was not made of it', () => {
  test('is that of its revision, in our words where both show the same, and with the images as they were written', () => {
    const ours = { revision: 'agent-ours', containers: [{ ...web, image: 'web:v3' }, sidecar] };
    const ourDocument = {
      timeout: '300s',
      containers: [{ ...web, image: 'web@sha256:3' }, sidecar],
      serviceAccount: 'a@p',
    };
    const document = {
      ...ourDocument,
      scaling: { minInstanceCount: 1 },
      containers: [{ ...web, image: 'web@sha256:2', env: [{ name: 'A', value: '2' }] }, sidecar],
    };
    const old = { document, images: ['web:v2', 'other'], isTemplateRevision: true };
    expect(previousTemplateBeside({ template: ours, document: ourDocument }, old)).toEqual({
      scaling: { minInstanceCount: 1 },
      containers: [{ ...web, image: 'web:v2', env: [{ name: 'A', value: '2' }] }, sidecar],
    });
  });
});

describe('the template of before', () => {
  const edited = {
    ...editTemplate(
      template,
      change({
        environment: new Map([
          ['A', '2'],
          ['B', 'x'],
        ]),
      }),
    ),
    revision: 'agent-new',
  };
  const revisionOf = (containers: readonly object[]) => ({ name: 'n', uid: 'u', logUri: 'x', containers, volumes: [] });

  test('is the live one with images and variables as the old revision has them', () => {
    const old = { document: revisionOf([sidecar, web]), images: null, isTemplateRevision: true };
    const before = previousTemplate(edited, old);
    expect(hashTemplate(before)).toBe(hashTemplate(template));
    expect(before).toEqual({ ...template, revision: 'agent-new' });
  });

  test('has the images as the template had them, where the revision shows what they were resolved to', () => {
    const document = revisionOf([
      { ...sidecar, image: 'other@sha256:1' },
      { ...web, image: 'old@sha256:2' },
    ]);
    const before = previousTemplate(edited, { document, images: ['other', 'old'], isTemplateRevision: true });
    expect(hashTemplate(before)).toBe(hashTemplate(template));
  });

  test('has no variables where there were none', () => {
    const bare = { containers: [{ image: 'old' }] };
    const changed = editTemplate(bare, change({ environment: new Map([['A', '1']]) }));
    expect(
      previousTemplate(changed, { document: revisionOf([{ image: 'old' }]), images: null, isTemplateRevision: true }),
    ).toEqual(bare);
  });

  test('is made of the revision alone where the template stood for another, without what is the revision’s own', () => {
    const document = {
      ...revisionOf([web]),
      timeout: '300s',
      serviceAccount: 'a@b',
      conditions: [],
      etag: 'x',
      future: 1,
    };
    const before = previousTemplate({ ...edited, future: true }, { document, images: null, isTemplateRevision: false });
    expect(before).toEqual({ containers: [web], volumes: [], timeout: '300s', serviceAccount: 'a@b', future: 1 });
  });
});
