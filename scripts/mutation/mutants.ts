import { parseSync } from '@swc/core';

/** One small fault in a source. */
export interface Mutant {
  /** From 1. */
  readonly line: number;
  readonly was: string;
  readonly becomes: string;
  /** The whole source with this fault. */
  readonly source: string;
}

/** What a fault replaces: offsets in bytes, as the parser counts. */
interface Edit {
  readonly start: number;
  readonly end: number;
  readonly becomes: string;
}

type Node = Readonly<Record<string, unknown>> & { readonly type: string };

const SWAPPED: Readonly<Record<string, string>> = {
  ...{ '===': '!==', '!==': '===', '<': '<=', '<=': '<', '>': '>=', '>=': '>' },
  ...{ '&&': '||', '||': '&&', '??': '&&', '+': '-', '-': '+', '*': '/', '|': '&', '&': '|' },
};
/** Whose texts are for people: a test that compares every word of a message would only repeat it. */
const ERRORS = /Error$|^refusal$/;

/**
 * The faults that are planted into a source, one at a time: operators swapped, conditions negated, booleans, numbers, texts
 * and regular expressions changed, statements left out. Types, imports and the texts of errors stay as they are.
 * @param source TypeScript
 */
export function mutantsOf(source: string): readonly Mutant[] {
  // The parser counts on from what it parsed before: the first statement tells where this source begins.
  const { body } = parseSync(`;${source}`, { syntax: 'typescript', target: 'es2024' });
  const bytes = Buffer.from(source);
  const base = body[0]!.span.start + 1;
  const text = (start: number, end: number) => bytes.subarray(start, end).toString();
  const mutants = editsIn(body.slice(1), { base, text }).map(({ start, end, becomes }) => ({
    line: text(0, start).split('\n').length,
    was: text(start, end),
    becomes,
    source: text(0, start) + becomes + text(end, bytes.length),
  }));
  return mutants.filter((mutant) => isTypeScript(mutant.source));
}

/** `a && b ?? c` is none: any test would notice it. */
function isTypeScript(source: string): boolean {
  try {
    parseSync(source, { syntax: 'typescript', target: 'es2024' });
    return true;
  } catch {
    return false;
  }
}

interface Source {
  readonly base: number;
  text(start: number, end: number): string;
}

function editsIn(part: unknown, source: Source): readonly Edit[] {
  if (Array.isArray(part)) return part.flatMap((one) => editsIn(one, source));
  if (part === null || typeof part !== 'object') return [];
  const node = part as Node;
  if (isLeftAlone(node)) return [];
  return [...editsOf(node, source), ...Object.values(node).flatMap((child) => editsIn(child, source))];
}

function isLeftAlone(node: Node): boolean {
  if (/^(?:Ts(?!AsExpression|NonNull|Satisfies)|ImportDeclaration|Export(?:All|Named))/.test(node.type ?? ''))
    return true;
  return /^(?:New|Call)Expression$/.test(node.type) && ERRORS.test((node['callee'] as { value?: string }).value ?? '');
}

function editsOf(node: Node, source: Source): readonly Edit[] {
  const { start, end } = spanOf(node, source);
  switch (node.type) {
    case 'BinaryExpression': {
      const operator = node['operator'] as string;
      const becomes = SWAPPED[operator];
      const left = spanOf(node['left'] as Node, source).end;
      const at = left + Buffer.byteLength(source.text(left, end).split(operator, 1)[0]!);
      return becomes === undefined ? [] : [{ start: at, end: at + operator.length, becomes }];
    }
    case 'IfStatement':
    case 'ConditionalExpression':
      return [negated(node['test'] as Node, source)];
    case 'UnaryExpression':
      return node['operator'] === '!' ? [{ start, end: start + 1, becomes: '' }] : [];
    case 'BooleanLiteral':
      return [{ start, end, becomes: String(!node['value']) }];
    case 'NumericLiteral':
      return [{ start, end, becomes: String((node['value'] as number) + 1) }];
    case 'StringLiteral':
      return [{ start, end, becomes: node['value'] === '' ? "'mutant'" : "''" }];
    case 'RegExpLiteral':
      return looser(source.text(start, end)).map((becomes) => ({ start, end, becomes }));
    case 'ExpressionStatement':
    case 'ThrowStatement':
      return [{ start, end, becomes: ';' }];
    default:
      return [];
  }
}

function negated(test: Node, source: Source): Edit {
  const { start, end } = spanOf(test, source);
  return { start, end, becomes: `!(${source.text(start, end)})` };
}

/** The expression without an anchor, and with one repetition instead of many. */
function looser(expression: string): readonly string[] {
  const changes = [
    expression.replace(/^\/\^/, '/'),
    expression.replace(/\$(\/[a-z]*)$/, '$1'),
    expression.replace(/(?<=[\])\w.])[+*](?!\/)/, ''),
  ];
  return changes.filter((change) => change !== expression && !change.startsWith('//'));
}

function spanOf(node: Node, { base }: Source): { readonly start: number; readonly end: number } {
  const { start, end } = (node['span'] ?? { start: base, end: base }) as { start: number; end: number };
  return { start: start - base, end: end - base };
}
