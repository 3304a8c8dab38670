import { describe, expect, it, test } from '@jest/globals';
import { editDocument, listWarnings, toDocument } from '../../../../../src/clouds/aws/ecs/task-definition.ts';
import { listDifferences } from '../../../../../src/clouds/aws/ecs/task-definition-differences.ts';
import { DeployError } from '../../../../../src/model/errors.ts';
import type { ImageReference } from '../../../../../src/model/image.ts';
import type { JsonObject } from '../../../../../src/model/json.ts';
import type { EditChange } from '../../../../../src/model/workload.ts';

const digest = `sha256:${'a'.repeat(64)}` as const;
const image: ImageReference = { registry: 'ghcr.io', repository: 'acme/agent', tag: 'v2', digest };
const NEW = `ghcr.io/acme/agent@${digest}`;

const web: JsonObject = { name: 'web', image: 'ghcr.io/acme/agent:v1', essential: true };
const proxy: JsonObject = { name: 'proxy', image: 'envoy:v1', essential: true };
const logger: JsonObject = { name: 'logger', image: 'fluent:v1', essential: false };

function change(parts: Partial<EditChange> = {}): EditChange {
  return {
    kind: 'edit',
    base: null,
    images: [{ container: null, image }],
    environment: new Map(),
    secrets: new Map(),
    ...parts,
  };
}

function edit(containerDefinitions: readonly JsonObject[], parts: Partial<EditChange> = {}): readonly JsonObject[] {
  return editDocument({ family: 'agent', containerDefinitions }, change(parts))['containerDefinitions'] as JsonObject[];
}

describe('the document to register', () => {
  it('is the described one without exactly the nine members that only AWS writes', () => {
    const described = {
      taskDefinitionArn: 'arn',
      revision: 41,
      status: 'ACTIVE',
      requiresAttributes: [],
      compatibilities: [],
      registeredAt: 1,
      deregisteredAt: 2,
      deleteRequestedAt: 3,
      registeredBy: 'me',
      family: 'agent',
      cpu: '256',
      memberOfTomorrow: { deep: [1, ''], none: null },
    };
    expect(toDocument({ taskDefinition: described })).toEqual({
      family: 'agent',
      cpu: '256',
      memberOfTomorrow: { deep: [1, ''], none: null },
    });
  });

  it('has no null in a list, at any level, as AWS refuses it', () => {
    const taskDefinition = {
      volumes: [null],
      containerDefinitions: [{ ...web, environment: [null, { name: 'A', value: null }] }],
    };
    expect(toDocument({ taskDefinition })).toEqual({
      volumes: [],
      containerDefinitions: [{ ...web, environment: [{ name: 'A', value: null }] }],
    });
  });

  it('keeps the tags, and has no empty list of them', () => {
    const tags = [{ key: 'team', value: 'agents' }];
    expect(toDocument({ taskDefinition: { family: 'agent' }, tags })).toEqual({ family: 'agent', tags });
    expect(toDocument({ taskDefinition: { family: 'agent' }, tags: [] })).toEqual({ family: 'agent' });
  });

  it('keeps everything that it does not know, at every level', () => {
    const container = {
      ...web,
      unknown: { deep: [{ x: 1 }] },
      environment: [{ name: 'A', value: '1', unknown: true }],
    };
    const document = { family: 'agent', unknown: [1], containerDefinitions: [container, logger] };
    const edited = editDocument(document, change({ environment: new Map([['A', '2']]) }));
    expect(edited).toEqual({
      family: 'agent',
      unknown: [1],
      containerDefinitions: [
        { ...container, image: NEW, environment: [{ name: 'A', value: '2', unknown: true }] },
        logger,
      ],
    });
  });

  it('is the same when the change is in it already', () => {
    const document = { family: 'agent', containerDefinitions: [{ ...web, image: NEW }] };
    expect(editDocument(document, change())).toEqual(document);
  });
});

describe('the main container', () => {
  test.each([
    ['the only one', [logger], 'logger'],
    ['the only essential one', [logger, web], 'web'],
    ['the only one that is not said to be inessential', [logger, { name: 'x', image: 'x:1' }], 'x'],
    ['the only one with an image of the same repository', [proxy, web, logger], 'web'],
  ])('is %s', (_why, containers, expected) => {
    const edited = edit(containers).filter((container) => container['image'] === NEW);
    expect(edited.map(({ name }) => name)).toEqual([expected]);
  });

  it('that cannot be told is asked for, with the names to choose from', () => {
    const attempt = (): unknown => edit([proxy, { ...web, image: 'other:1' }]);
    expect(attempt).toThrow(DeployError);
    expect(attempt).toThrow(
      expect.objectContaining({ code: 'INPUT_INVALID', hint: expect.stringContaining('proxy, web') }),
    );
  });

  it('is not guessed when two have an image of the same repository', () => {
    expect(() => edit([web, { ...web, name: 'worker' }])).toThrow(/several containers/);
  });
});

describe('named containers', () => {
  it('each get their image', () => {
    const sidecar: ImageReference = { ...image, repository: 'acme/proxy' };
    const edited = edit([web, proxy], {
      images: [
        { container: 'web', image },
        { container: 'proxy', image: sidecar },
      ],
    });
    expect(edited.map((container) => container['image'])).toEqual([NEW, `ghcr.io/acme/proxy@${digest}`]);
  });

  it('have to exist', () => {
    const attempt = (): unknown => edit([web, proxy], { images: [{ container: 'wbe', image }] });
    expect(attempt).toThrow(
      expect.objectContaining({ code: 'INPUT_INVALID', hint: expect.stringContaining('web, proxy') }),
    );
  });

  it('have one image only', () => {
    const images = [
      { container: 'web', image },
      { container: null, image },
    ];
    expect(() => edit([web], { images })).toThrow(/two images/);
  });
});

describe('a login for the registry of the image', () => {
  const login = { credentialsParameter: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:registry' };
  const container = (from: string): JsonObject => ({
    ...web,
    image: `${from}/acme/agent:v1`,
    repositoryCredentials: login,
  });
  const to = (registry: string) => ({ images: [{ container: null, image: { ...image, registry } }] });

  test.each([
    '123456789012.dkr.ecr.eu-west-1.amazonaws.com',
    '123456789012.dkr-ecr.eu-west-1.on.aws',
    'public.ecr.aws',
  ])('is dropped where the image moves to %s', (registry) => {
    expect(edit([container('ghcr.io')], to(registry))[0]).not.toHaveProperty('repositoryCredentials');
  });

  test.each([
    [
      'stays, with a warning',
      'docker.io',
      [
        'container web keeps its repositoryCredentials, and its image moves from docker.io to ghcr.io: the secret has to hold a login for ghcr.io.',
      ],
    ],
    ['stays without a word', 'ghcr.io', []],
    ['stays without a word', 'not an image', []],
  ])('%s where the image was in %s', (_, from, warnings) => {
    const live = [container(from)];
    const edited = edit(live, {});
    expect(edited[0]).toHaveProperty('repositoryCredentials', login);
    expect(listWarnings({ containerDefinitions: live }, { containerDefinitions: edited })).toEqual(warnings);
  });
});

describe('environment and secrets', () => {
  const configured: JsonObject = {
    ...web,
    environment: [
      { name: 'B', value: '1' },
      { name: 'A', value: '1' },
    ],
    secrets: [{ name: 'KEY', valueFrom: 'arn:old' }],
  };

  it('are merged by name, in the order in which they were', () => {
    const [edited] = edit([configured], {
      environment: new Map([
        ['A', '2'],
        ['C', '3'],
      ]),
      secrets: new Map([['TOKEN', 'arn:token']]),
    });
    expect(edited?.['environment']).toEqual([
      { name: 'B', value: '1' },
      { name: 'A', value: '2' },
      { name: 'C', value: '3' },
    ]);
    expect(edited?.['secrets']).toEqual([
      { name: 'KEY', valueFrom: 'arn:old' },
      { name: 'TOKEN', valueFrom: 'arn:token' },
    ]);
  });

  it('do not share a name: one that moves leaves the other list', () => {
    const [toSecret] = edit([configured], { secrets: new Map([['A', 'arn:a']]) });
    expect(toSecret?.['environment']).toEqual([{ name: 'B', value: '1' }]);
    const [toVariable] = edit([configured], { environment: new Map([['KEY', 'plain']]) });
    expect(toVariable?.['secrets']).toEqual([]);
    const both = { environment: new Map([['X', '1']]), secrets: new Map([['X', 'arn:x']]) };
    expect(() => edit([configured], both)).toThrow(/at once/);
  });

  it('are removed from both lists, and nothing else is', () => {
    const removed = new Set(['A', 'KEY', 'NEVER_THERE']);
    const [before] = edit([configured]);
    const [after] = edit([configured], { removed });
    const without = (list: unknown) => (list as JsonObject[]).filter(({ name }) => !removed.has(String(name)));
    expect(without(before?.['environment'])).not.toEqual(before?.['environment']);
    expect(after).toEqual({
      ...before,
      environment: without(before?.['environment']),
      secrets: without(before?.['secrets']),
    });
  });

  it('are not made up where there were none', () => {
    expect(edit([web])[0]).not.toHaveProperty('environment');
    expect(edit([web], { environment: new Map([['A', '1']]) })[0]).not.toHaveProperty('secrets');
  });

  it('go to the container of the first image, and to no other', () => {
    const edited = edit([proxy, web], { environment: new Map([['A', '1']]) });
    expect(edited[0]).toEqual(proxy);
    expect(edited[1]).toHaveProperty('environment', [{ name: 'A', value: '1' }]);
  });

  it('can be all that changes', () => {
    const edited = edit([logger, web], { images: [], environment: new Map([['A', '1']]) });
    expect(edited[1]).toEqual({ ...web, environment: [{ name: 'A', value: '1' }] });
  });
});

describe('the differences', () => {
  it('show images and the names of the rest, never a value', () => {
    const before: JsonObject = {
      ...web,
      environment: [
        { name: 'KEPT', value: 's3cret-kept' },
        { name: 'LEVEL', value: 's3cret-old' },
        { name: 'MOVED', value: 's3cret-moved' },
      ],
    };
    const document = { containerDefinitions: [before, logger] };
    const edited = editDocument(
      document,
      change({
        environment: new Map([
          ['LEVEL', 's3cret-new'],
          ['ADDED', 's3cret-added'],
        ]),
        secrets: new Map([['MOVED', 'arn:moved']]),
      }),
    );
    expect(listDifferences(document, edited)).toEqual([
      `container web: image ghcr.io/acme/agent:v1 -> ${NEW}`,
      'container web: environment variable MOVED removed',
      'container web: environment variable LEVEL changed',
      'container web: environment variable ADDED added',
      'container web: secret MOVED added',
    ]);
    expect(listDifferences(document, document)).toEqual([]);
  });
});
