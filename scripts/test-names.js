// The full names of the tests in a file, as jest prints them and as its option `-t` takes them.
import { parseSync } from '@swc/core';

const GROUPS = new Set(['describe']);
const TESTS = new Set(['it', 'test']);

/**
 * @param source a test file in TypeScript
 * @returns for each test the names of its groups and its own, joined by spaces; `%s` and `$name` of a table stay as they
 *   are. Tests that are skipped or not written yet (`test.skip`, `test.todo`) are left out.
 */
export function testNames(source) {
  return namesIn(parseSync(source, { syntax: 'typescript' }).body, []);
}

function namesIn(node, groups) {
  if (Array.isArray(node)) return node.flatMap((part) => namesIn(part, groups));
  if (node === null || typeof node !== 'object') return [];
  const call = node.type === 'CallExpression' ? calledFunction(node.callee) : null;
  const title = call && titleOf(node.arguments[0]?.expression);
  if (title == null) return namesIn(Object.values(node), groups);
  if (call.isLeftOut) return [];
  const path = [...groups, title];
  return TESTS.has(call.name) ? [path.join(' ')] : namesIn(node.arguments.slice(1), path);
}

/** Of `test`, `test.each(table)`, `test.skip` and the like: the first name, and whether the test doesn't run. */
function calledFunction(callee) {
  const members = [];
  let node = callee;
  while (node.type !== 'Identifier') {
    if (node.type === 'MemberExpression') {
      members.push(node.property.value);
      node = node.object;
    } else if (node.type === 'CallExpression') {
      node = node.callee;
    } else {
      return null;
    }
  }
  if (!GROUPS.has(node.value) && !TESTS.has(node.value)) return null;
  return { name: node.value, isLeftOut: members.includes('skip') || members.includes('todo') };
}

function titleOf(node) {
  if (node?.type === 'StringLiteral') return node.value;
  return node?.type === 'TemplateLiteral' && node.expressions.length === 0 ? node.quasis[0].cooked : null;
}
