import { describe, expect, test } from '@jest/globals';
import { describeRequest } from '../../../../src/clouds/kubernetes/describe-request.ts';
import { sentValues } from '../../../../src/clouds/kubernetes/sent-values.ts';
import { parseWarnings } from '../../../../src/clouds/kubernetes/warnings.ts';
import { fc } from '../../../fixtures/fast-check.ts';

describe('a request in words', () => {
  test.each([
    ['/apis/apps/v1/namespaces/shop/deployments/web', 'deployments/web in namespace shop'],
    ['/apis/apps/v1/namespaces/shop/deployments', 'deployments in namespace shop'],
    ['/apis/apps/v1/namespaces/shop/deployments/web/scale', 'deployments/web/scale in namespace shop'],
    ['/api/v1/namespaces/shop/pods/web-1/log', 'pods/web-1/log in namespace shop'],
    ['/api/v1/namespaces/shop', 'namespaces/shop'],
    ['/api/v1/nodes', 'nodes'],
    ['/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', 'selfsubjectaccessreviews'],
    ['/api/v1/namespaces/a%20b/pods/c%2Fd', 'pods/c/d in namespace a b'],
    ['/api/v1/namespaces/%/pods', 'pods in namespace %'],
    ['/version', '/version'],
    ['/api', '/api'],
  ])('%s is %s', (path, words) => {
    expect(describeRequest('read', path)).toBe(`read ${words}`);
  });
});

describe('warnings', () => {
  const quote = (text: string): string => `299 - "${text.replace(/[\\"]/g, '\\$&')}"`;

  test('are read as they were quoted, whatever is in them', () => {
    const texts = fc.uniqueArray(fc.string({ maxLength: 50 }), { maxLength: 10 });
    fc.assert(
      fc.property(texts, (given) => {
        expect(parseWarnings(given.map(quote).join(', '))).toEqual(given);
      }),
    );
  });

  test.each([[''], ['299 - unquoted'], ['299 - "not closed'], ['nonsense']])('are none in %j', (header) => {
    expect(parseWarnings(header)).toEqual([]);
  });

  test('are bounded in number and length', () => {
    const many = Array.from({ length: 100 }, (_, index) => quote(`${index} ${'x'.repeat(2_000)}`));
    const found = parseWarnings(many.join(','));
    expect(found).toHaveLength(20);
    expect(Math.max(...found.map((text) => text.length))).toBe(1_000);
  });
});

describe('values that an answer could quote', () => {
  const variable = fc.record({ name: fc.string(), value: fc.string() });

  test('are those of all variables, wherever they are', () => {
    const body = fc.letrec((tie) => ({
      node: fc.oneof(
        { maxDepth: 5 },
        fc.array(variable, { maxLength: 3 }).map((env) => ({ env })),
        fc.array(tie('node'), { maxLength: 3 }),
        fc.record({ spec: tie('node') }),
      ),
    })).node;
    fc.assert(
      fc.property(body, (given) => {
        const values = [...JSON.stringify(given).matchAll(/"value":("(?:[^"\\]|\\.)*")/g)].map(([, text]) =>
          JSON.parse(text!),
        );
        expect(sentValues(given)).toEqual(expect.arrayContaining(values));
      }),
    );
  });

  test('are those of a JSON patch of variables, and no others of it', () => {
    const patch = [
      { op: 'replace', path: '/spec/template/spec/containers/0/env/0/value', value: 'a' },
      { op: 'add', path: '/spec/template/spec/containers/0/env/-', value: { name: 'B', value: 'b' } },
      { op: 'test', path: '/metadata/uid', value: 'not a secret' },
    ];
    expect(sentValues(patch)).toEqual(['a', 'b']);
  });

  test('are looked for in a body of any depth, and in none', () => {
    let deep: object = { name: 'A', value: 'a' };
    for (let depth = 0; depth < 1_000; depth += 1) deep = { deep };
    expect(sentValues(deep)).toEqual([]);
    expect([sentValues(undefined), sentValues(null), sentValues('text')]).toEqual([[], [], []]);
  });
});
