import { type SyntaxNode, walkSource } from './syntax-tree.ts';

/** Values that are whole sentences, or end in one that a platform wrote. */
const SENTENCE = /^(?:message|hint|cause|reason|detail)$/;

/** Templates like `${error.message}. Then this`: where the message ends in a full stop, they print two of them. */
export function quotedSentences(source: string): readonly string[] {
  const found: string[] = [];
  walkSource(source, (node) => {
    if (node.type === 'TemplateLiteral') found.push(...quotedIn(node));
    return node.type !== 'TsLiteralType';
  });
  return found;
}

function quotedIn(template: SyntaxNode): readonly string[] {
  const quasis = template['quasis'] as readonly { readonly raw: string }[];
  const expressions = template['expressions'] as readonly SyntaxNode[];
  return expressions
    .map((expression, index) => ({ name: nameOf(expression), next: quasis[index + 1]!.raw }))
    .filter(({ name, next }) => SENTENCE.test(name) && next.startsWith('.'))
    .map(({ name, next }) => `\${…${name}}${next}`);
}

function nameOf(expression: SyntaxNode): string {
  const { value } = (expression.type === 'MemberExpression' ? expression['property'] : expression) as SyntaxNode;
  return typeof value === 'string' ? value : '';
}
