/** A line that its copier has to look at: `KEY: value # TODO: what it is`. */
const MARKED = /^(\s*)([\w-]+): (.*?) # TODO(?:: .*)?$/;

/**
 * The template with values in place of those that are marked TODO, and nothing else touched.
 * @throws Error where a marked key has no value, or a value no marked key.
 */
export function fillIn(template: string, values: Readonly<Record<string, string>>): string {
  const unused = new Set(Object.keys(values));
  const lines = template.split('\n');
  const filled: string[] = [];
  while (lines.length > 0) {
    const line = lines.shift()!;
    const [, indent, key, old] = MARKED.exec(line) ?? [];
    if (indent === undefined || key === undefined) {
      filled.push(line);
      continue;
    }
    if (values[key] === undefined) throw new Error(`${key} is marked TODO, and has no value`);
    unused.delete(key);
    // A block: the deeper lines below are the value.
    if (old === '|-') while (lines[0]?.startsWith(`${indent}  `)) lines.shift();
    filled.push(...valueLines(indent, key, { old: old!, value: values[key] }));
  }
  if (unused.size > 0) throw new Error(`not marked TODO: ${[...unused].join(', ')}`);
  return filled.join('\n');
}

/** The steps for Node in place of those for Python, as the comment above them says. */
export function useNode(template: string): string {
  const [head, rest] = split(template, '      # Python\n');
  const [, tail] = split(rest, '      # Node, instead of Python: uncomment these, and remove those above.\n');
  return head + tail.replace(/^((?: {6}#.*\n)+)/, (block) => block.replace(/^( {6})# /gm, '$1'));
}

function split(text: string, mark: string): readonly [string, string] {
  const at = text.indexOf(mark);
  if (at < 0) throw new Error(`the template has no line "${mark.trim()}"`);
  return [text.slice(0, at), text.slice(at + mark.length)];
}

function valueLines(indent: string, key: string, { old, value }: { readonly old: string; readonly value: string }) {
  if (old !== '|-') return [`${indent}${key}: ${value}`];
  return [`${indent}${key}: |-`, ...value.split('\n').map((line) => `${indent}  ${line}`)];
}
