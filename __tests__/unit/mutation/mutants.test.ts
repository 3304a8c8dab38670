import { describe, expect, test } from '@jest/globals';
import { mutantsOf } from '../../../scripts/mutation/mutants.ts';

const faultsOf = (source: string) => mutantsOf(source).map(({ source: faulty }) => faulty);

describe('the faults that are planted', () => {
  test.each<[string, readonly string[]]>([
    ['f(a === b);', [';', 'f(a !== b);']],
    ['const c = a /* === */ < b;', ['const c = a /* === */ <= b;']],
    ['if (!a) f();', ['if (!(!a)) f();', 'if (a) f();', 'if (!a) ;']],
    ['const a = b ? 1 : true;', ['const a = !(b) ? 1 : true;', 'const a = b ? 2 : true;', 'const a = b ? 1 : false;']],
    ["const a = ['', 'ü'];", ["const a = ['mutant', 'ü'];", "const a = ['', ''];"]],
    ['const a = /^b+c$/u;', ['const a = /b+c$/u;', 'const a = /^b+c/u;', 'const a = /^bc$/u;']],
    ['const a = b ?? c ?? d;', []],
    ["throw new TypeError('for people');", [';']],
  ])('in %s', (source, faults) => expect([...faultsOf(source)].sort()).toEqual([...faults].sort()));

  test('are none in types and imports', () => {
    expect(faultsOf("import a from 'b';\ntype C = 'd' | 1;\nconst e = f as 'g';\nexport { e } from 'h';")).toEqual([]);
  });

  test('have their line, also after text of several bytes', () => {
    expect(mutantsOf('// ünïcödé …\n\nconst a = b && c;')).toEqual([
      { line: 3, was: '&&', becomes: '||', source: '// ünïcödé …\n\nconst a = b || c;' },
    ]);
  });
});
