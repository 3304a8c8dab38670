import { parseSync } from '@swc/core';

/** A node of swc's tree, or one of the plain objects between its nodes, which have no type. */
export interface SyntaxNode {
  readonly type?: string;
  readonly [key: string]: unknown;
}

/** Calls `visit` for each node of a TypeScript file, parents first; where it returns false, the children are left out. */
export function walkSource(source: string, visit: (node: SyntaxNode) => boolean): void {
  walk(parseSync(source, { syntax: 'typescript', target: 'es2022' }), visit);
}

function walk(value: unknown, visit: (node: SyntaxNode) => boolean): void {
  if (Array.isArray(value)) for (const one of value) walk(one, visit);
  else if (typeof value === 'object' && value !== null && visit(value as SyntaxNode)) walk(Object.values(value), visit);
}
