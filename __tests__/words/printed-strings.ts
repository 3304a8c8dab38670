import { type SyntaxNode, walkSource } from './syntax-tree.ts';

/** Names of modules and types of literals, which no one sees. */
const NEVER_PRINTED = new Set(['ImportDeclaration', 'ExportAllDeclaration', 'TsImportType', 'TsLiteralType']);

/**
 * The strings of a TypeScript file that can be printed: string literals and template literals, each expression of a
 * template as `{}`. Comments are left out, as they are no nodes.
 */
export function printedStrings(source: string): readonly string[] {
  const found: string[] = [];
  walkSource(source, (node) => {
    if (node.type === 'StringLiteral') found.push(String(node['value']));
    if (node.type === 'TemplateLiteral') found.push(templateText(node));
    return !NEVER_PRINTED.has(node.type ?? '');
  });
  return found;
}

function templateText(template: SyntaxNode): string {
  const quasis = template['quasis'] as readonly { readonly cooked?: string; readonly raw: string }[];
  return quasis.map(({ cooked, raw }) => cooked ?? raw).join('{}');
}
