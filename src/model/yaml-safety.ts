import { type Document, isAlias, isMap, isPair, isScalar, isSeq, type Node } from 'yaml';

export interface Problem {
  /** Where in the text, from 0. */
  readonly offset: number;
  /** What is wrong, and what is expected. */
  readonly expected: string;
}

const MAX_DEPTH = 32;
const MAX_ALIASES = 50;
// As keys of plain objects they would reach into JavaScript's own objects once the data is merged or copied.
const RESERVED_KEYS = new Set(['__proto__', 'constructor', 'prototype']);

/** What the syntax allows but we don't: reserved and repeated keys, deep nesting, many or circular aliases. */
export function findUnsafe(document: Document): readonly Problem[] {
  const problems: Problem[] = [];
  const ancestors: Node[] = [];
  let aliases = 0;
  const report = (node: unknown, expected: string): void => {
    problems.push({ offset: (node as Node | null)?.range?.[0] ?? 0, expected });
  };
  const visit = (node: unknown): void => {
    if (isAlias(node)) {
      aliases += 1;
      // `resolve` walks the whole document, so the count comes first.
      if (aliases === MAX_ALIASES + 1) report(node, `too many aliases; expected at most ${MAX_ALIASES}`);
      if (aliases > MAX_ALIASES) return;
      const target = node.resolve(document);
      if (!target) report(node, 'an alias without an anchor; expected text that starts with `*` in quotes');
      else if (ancestors.includes(target)) report(node, 'an alias inside of what it names; expected no circle');
      return;
    }
    if (!isMap(node) && !isSeq(node)) return;
    if (ancestors.length >= MAX_DEPTH) {
      report(node, `nested too deep; expected at most ${MAX_DEPTH} levels`);
      return;
    }
    ancestors.push(node);
    if (isMap(node)) checkKeys(node.items, report);
    for (const item of node.items) visit(isPair(item) ? item.value : item);
    ancestors.pop();
  };
  visit(document.contents);
  return problems;
}

function checkKeys(
  pairs: readonly { readonly key: unknown }[],
  report: (node: unknown, expected: string) => void,
): void {
  const seen = new Set<string>();
  for (const { key } of pairs) {
    const name = isScalar(key) ? String(key.value) : null;
    if (name === null) report(key, 'expected text as a name');
    else if (RESERVED_KEYS.has(name)) report(key, `the name ${name} is reserved; expected another`);
    else if (seen.has(name)) report(key, 'the same name a second time; expected each name once');
    if (name !== null) seen.add(name);
  }
}
