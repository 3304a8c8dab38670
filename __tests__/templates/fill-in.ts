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

/** The step for Node in place of that for Python, as the comment above it says. */
export function useNode(template: string): string {
  const [head, rest] = split(template, '      # Python. ');
  const [, tail] = split(rest, 'Go needs no step: `go test ./...`.\n');
  return head + tail.replace(/^((?: {6}#.*\n)+)/, (block) => block.replace(/^( {6})# /gm, '$1'));
}

/** The lines that verify the image before production uncommented, as the comment above them says. */
export function useVerify(template: string): string {
  const uncommented = template.replace(
    /^( {10})# (verify: \|-\n(?: {10}# {3}.*\n)+)/gm,
    (_, indent: string, rest: string) => `${indent}${rest.replace(/^ {10}# /gm, indent)}`,
  );
  if (uncommented === template) throw new Error('the template has no commented lines that verify');
  return uncommented;
}

/** Variables of the repository in place of those of the environments, as docs/plans.md says: `vars.URL` -> `vars.STAGING_URL`. */
export function useRepositoryVariables(template: string): string {
  return template
    .split(/^(?= {2}[\w-]+:$)/m)
    .map((job) => {
      const environment = /^ {4}environment:\n {6}name: (\w+)$/m.exec(job)?.[1];
      return environment === undefined ? job : job.replace(/\bvars\./g, `vars.${environment.toUpperCase()}_`);
    })
    .join('');
}

/** The values that they have then. */
export function repositoryVariables(
  varsOf: (environment: string) => Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const entries = ['staging', 'production'].flatMap((environment) =>
    Object.entries(varsOf(environment)).map(
      ([name, value]) => [`${environment.toUpperCase()}_${name}`, value] as const,
    ),
  );
  return Object.fromEntries(entries);
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
