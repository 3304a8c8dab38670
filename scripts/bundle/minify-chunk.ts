import { type ArrowFunctionExpression, type FunctionExpression, type ModuleItem, minify, parse } from '@swc/core';

/** @param code One file of ncc's, an ES module. */
export async function minifyChunk(code: string): Promise<string> {
  const minified = await minify(withDirname(code), {
    module: true,
    ecma: 2022,
    compress: true,
    mangle: { keepClassNames: true },
    format: { comments: false },
  });
  return await withEagerModules(minified.code);
}

/** ncc leaves CommonJS's `__dirname` as it is, and a module has none. */
function withDirname(code: string): string {
  return /\b__dirname\b/.test(code) ? `const __dirname = import.meta.dirname;\n${code}` : code;
}

/**
 * Puts the function of each bundled module in parentheses again, which the minifier takes away. V8 compiles such a function
 * when it parses the file; any other it parses once to skip it, and again when it runs, as nearly all of these do at once:
 * https://v8.dev/blog/preparser#pife
 */
async function withEagerModules(code: string): Promise<string> {
  const { body, span: file } = await parse(code, { syntax: 'ecmascript', target: 'es2022' });
  const modules = body.flatMap(modulesIn);
  if (modules.length === 0) throw new Error('no table of modules found: has the bundler changed how it writes one?');
  const bytes = Buffer.from(code);
  const pieces: Buffer[] = [];
  let end = 0;
  for (const { span } of modules) {
    const [from, to] = [span.start - file.start, span.end - file.start];
    pieces.push(bytes.subarray(end, from), Buffer.from('('), bytes.subarray(from, to), Buffer.from(')'));
    end = to;
  }
  return Buffer.concat([...pieces, bytes.subarray(end)]).toString();
}

/**
 * webpack's table: `export const modules = { 123: (module, exports, require) => {} }`, in the first file a `var`. CommonJS that
 * reads `this` is a `function`.
 */
function modulesIn(item: ModuleItem): readonly (ArrowFunctionExpression | FunctionExpression)[] {
  const statement = item.type === 'ExportDeclaration' ? item.declaration : item;
  if (statement.type !== 'VariableDeclaration') return [];
  return statement.declarations.flatMap(({ init }) => {
    if (init?.type !== 'ObjectExpression') return [];
    return init.properties.flatMap((property) => {
      if (property.type !== 'KeyValueProperty' || property.key.type !== 'NumericLiteral') return [];
      const { value } = property;
      return value.type === 'ArrowFunctionExpression' || value.type === 'FunctionExpression' ? [value] : [];
    });
  });
}
