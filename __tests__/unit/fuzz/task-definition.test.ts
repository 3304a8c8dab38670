import { describe, expect, test } from '@jest/globals';
import { editDocument, toDocument } from '../../../src/clouds/aws/ecs/task-definition.ts';
import { listDifferences } from '../../../src/clouds/aws/ecs/task-definition-differences.ts';
import type { JsonObject } from '../../../src/model/json.ts';
import type { EditChange } from '../../../src/model/workload.ts';
import { fc } from '../../fixtures/fast-check.ts';

const READ_ONLY = [
  'taskDefinitionArn',
  'revision',
  'status',
  'requiresAttributes',
  'compatibilities',
  'registeredAt',
  'deregisteredAt',
  'deleteRequestedAt',
  'registeredBy',
];

const image = {
  registry: 'ghcr.io',
  repository: 'acme/agent',
  tag: 'v2',
  digest: `sha256:${'a'.repeat(64)}`,
} as const;
const pinned = `ghcr.io/acme/agent@sha256:${'a'.repeat(64)}`;

const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.constantFrom('A', 'B', 'LOG_LEVEL', '__proto__'),
);
const unknown = fc.dictionary(
  fc.string({ maxLength: 10 }).filter((name) => !['name', 'image', 'environment', 'secrets'].includes(name)),
  fc.jsonValue({ maxDepth: 3 }),
  { maxKeys: 4 },
);
const listOf = (value: 'value' | 'valueFrom') =>
  fc.option(
    fc.uniqueArray(fc.record({ name: text, [value]: text, more: fc.jsonValue({ maxDepth: 1 }) }), {
      selector: ({ name }) => name,
      maxLength: 4,
    }),
    { nil: undefined },
  );
const container = fc.tuple(unknown, listOf('value'), listOf('valueFrom')).map(
  ([rest, environment, secrets]): JsonObject => ({
    ...rest,
    ...defined({ environment, secrets }),
    image: 'old',
    essential: true,
  }),
);
const map = fc.uniqueArray(fc.tuple(text, text), { selector: ([name]) => name, maxLength: 3 });

const documents = fc.tuple(unknown, container, fc.array(container, { maxLength: 2 })).map(
  ([rest, first, others]): JsonObject => ({
    ...rest,
    family: 'agent',
    containerDefinitions: [
      { ...first, name: 'web' },
      ...others.map((other, n) => ({ ...other, name: `sidecar-${n}` })),
    ],
  }),
);
const changes = fc.tuple(map, map).map(([environment, secrets]): EditChange => {
  const names = new Set(environment.map(([name]) => name));
  return {
    kind: 'edit',
    base: null,
    images: [{ container: 'web', image }],
    environment: new Map(environment),
    secrets: new Map(secrets.filter(([name]) => !names.has(name))),
  };
});

function defined(values: Record<string, unknown>): JsonObject {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

/** JSON as it goes over the wire, without what an edit owns: the image, and entries with the names of the change. */
function withoutOurs(document: JsonObject, change: EditChange): unknown {
  const ours = new Set([...change.environment.keys(), ...change.secrets.keys()]);
  const copy = JSON.parse(JSON.stringify(document)) as { containerDefinitions: Record<string, unknown>[] };
  const [web] = copy.containerDefinitions;
  delete web!['image'];
  for (const list of ['environment', 'secrets']) {
    const kept = ((web![list] ?? []) as JsonObject[]).filter(({ name }) => !ours.has(String(name)));
    if (kept.length > 0) web![list] = kept;
    else delete web![list];
  }
  return copy;
}

describe('any task definition, with unknown fields', () => {
  test('that is edited keeps everything that is not ours, byte for byte', () => {
    fc.assert(
      fc.property(documents, changes, (document, change) => {
        const edited = editDocument(document, change);
        expect(JSON.stringify(withoutOurs(edited, change))).toBe(JSON.stringify(withoutOurs(document, change)));
      }),
      { numRuns: 200 },
    );
  });

  test('that is edited has our image, our variables and our references, each once', () => {
    fc.assert(
      fc.property(documents, changes, (document, change) => {
        const [web] = editDocument(document, change)['containerDefinitions'] as Record<string, unknown>[];
        expect(web!['image']).toBe(pinned);
        for (const [list, key, wanted, other] of [
          ['environment', 'value', change.environment, 'secrets'],
          ['secrets', 'valueFrom', change.secrets, 'environment'],
        ] as const) {
          for (const [name, value] of wanted) {
            const found = ((web![list] ?? []) as JsonObject[]).filter((entry) => entry['name'] === name);
            expect(found).toEqual([expect.objectContaining({ name, [key]: value })]);
            expect(((web![other] ?? []) as JsonObject[]).filter((entry) => entry['name'] === name)).toEqual([]);
          }
        }
      }),
      { numRuns: 200 },
    );
  });

  test('that is edited twice is as if edited once, and the second time differs in nothing', () => {
    fc.assert(
      fc.property(documents, changes, (document, change) => {
        const once = editDocument(document, change);
        expect(JSON.stringify(editDocument(once, change))).toBe(JSON.stringify(once));
        expect(listDifferences(once, editDocument(once, change))).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });

  test('that was described loses what only AWS writes and the nulls in its lists, and nothing else', () => {
    const described = fc.tuple(documents, fc.dictionary(fc.constantFrom(...READ_ONLY), fc.jsonValue({ maxDepth: 1 })));
    const tags = fc.option(fc.array(fc.record({ key: text, value: text }), { maxLength: 3 }), { nil: undefined });
    fc.assert(
      fc.property(described, tags, ([document, readOnly], given) => {
        const taskDefinition = { ...readOnly, ...document };
        const back = toDocument(given ? { taskDefinition, tags: given } : { taskDefinition });
        const expected = { ...document, ...(given?.length ? { tags: given } : {}) };
        for (const name of READ_ONLY) expect(back).not.toHaveProperty(name);
        expect(JSON.parse(JSON.stringify(back))).toEqual(
          withoutNulls(JSON.parse(JSON.stringify(without(expected, READ_ONLY)))),
        );
      }),
      { numRuns: 200 },
    );
  });

  test('is compared without showing a value', () => {
    fc.assert(
      fc.property(documents, changes, fc.uuid(), (document, change, secret) => {
        const values = {
          environment: mapValues(change.environment, secret),
          secrets: mapValues(change.secrets, secret),
        };
        const lines = listDifferences(document, editDocument(document, { ...change, ...values }));
        expect(lines.join('\n')).not.toContain(secret);
      }),
      { numRuns: 100 },
    );
  });
});

function mapValues(values: ReadonlyMap<string, string>, value: string): ReadonlyMap<string, string> {
  return new Map([...values.keys()].map((name) => [name, value]));
}

function withoutNulls(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (_, found: unknown) =>
    Array.isArray(found) ? found.filter((item) => item !== null) : found,
  );
}

function without(document: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(document).filter(([name]) => !names.includes(name)));
}
