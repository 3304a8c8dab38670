import { DeployError } from '../model/errors.ts';

const LINE = /^(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.-]*)=([^\r\n]*)$/;

/** Is it written as lines `NAME=value`, and not as a map of YAML? The first line that is no comment decides. */
export function isLines(text: string): boolean {
  const first = text.split(/\r?\n/).find((line) => line.trim() !== '' && !isComment(line));
  return LINE.test(first?.trimStart() ?? '');
}

function isComment(line: string): boolean {
  return line.trimStart().startsWith('#');
}

/**
 * `NAME=value`, one a line; each value is what follows the `=`, quotes and spaces included. No message quotes a value.
 * @throws DeployError INPUT_INVALID with every line that is none; for lines that YAML joined to one
 */
export function parseLines(text: string, what: string): ReadonlyMap<string, string> {
  ensureNotFolded(text, what);
  return readLines(text, what, (value) => value);
}

function ensureNotFolded(text: string, what: string): void {
  if (!isFolded(text)) return;
  throw new DeployError('INPUT_INVALID', `could not read ${what}: several variables are on one line`, {
    hint: `Write \`${what}: |\` and one \`NAME=value\` a line, as \`>\` joins lines and a comma separates nothing; and a value that has \` NAME=\` or \`,NAME=\` in it as a YAML map (\`NAME: value\`).`,
  });
}

/**
 * A `.env` file: the same, with comments, and quotes around a value that are no part of it.
 * @throws DeployError INPUT_INVALID; also for quotes with something in them that tools read differently
 */
export function parseEnvFile(text: string, what: string): ReadonlyMap<string, string> {
  return readLines(withoutComments(text), what, unquote);
}

/** Lines `NAME=reference`, as other actions take them; nothing in one is secret. @throws DeployError INPUT_INVALID */
export function parseReferences(text: string, what: string): ReadonlyMap<string, string> {
  ensureNotFolded(text, what);
  return readLines(withoutComments(text), what, (reference) => reference.trim());
}

function withoutComments(text: string): string {
  return text.replace(/^[ \t]*#.*$/gm, '');
}

/** `NAME=value NAME=value`, or with a comma, as some tools take them: the first variable would have all of it as its value. */
function isFolded(text: string): boolean {
  return !text.trim().includes('\n') && /[\s,][A-Z_][A-Z0-9_]+=/.test(text.trim());
}

function readLines(text: string, what: string, read: (value: string) => string | null): ReadonlyMap<string, string> {
  const variables = new Map<string, string>();
  const problems: string[] = [];
  let first: number | undefined;
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '') continue;
    const [, name = '', given = ''] = LINE.exec(line.trimStart()) ?? [];
    const value = name === '' ? null : read(given);
    if (isComment(line)) problems.push(`line ${index + 1}: ${COMMENT}`);
    else if (name === '') problems.push(`line ${index + 1}: expected NAME=value`);
    else if (value === null) problems.push(`line ${index + 1}: ${name}: ${AMBIGUOUS}`);
    else if (variables.has(name)) problems.push(`line ${index + 1}: ${name} is given twice`);
    else variables.set(name, value);
    if (problems.length > 0) first ??= index + 1;
  }
  if (problems.length === 0) return variables;
  const list = problems.slice(0, MOST_PROBLEMS).map((problem) => `\n    - ${problem}`);
  throw new DeployError('INPUT_INVALID', `could not read ${what}:${list.join('')}`, {
    hint: 'Write one `NAME=value` a line, or a YAML map (`NAME: value`) for values of several lines.',
    ...(first === undefined ? {} : { line: first }),
  });
}

const MOST_PROBLEMS = 10;
// It may be a line of a secret.
const COMMENT = 'expected NAME=value; a comment can be in a file (`environment-file`) or in a YAML map';
const AMBIGUOUS =
  'tools read this value differently (an open quote, a backtick, a `\\\\`, a `$` or a `#`); expected it in single quotes, or in the input environment-variables';

/** null: it depends on who reads it. */
function unquote(given: string): string | null {
  const value = given.replace(/^[ \t]+|[ \t]+$/g, '');
  const single = /^'([^']*)'$/.exec(value)?.[1];
  if (single !== undefined) return single;
  const double = /^"([^"\\$]*)"$/.exec(value)?.[1];
  if (double !== undefined) return double;
  // Some cut a plain value at any `#`, and put a variable in for `$NAME`.
  return /^["'`]|#|\$[A-Za-z_{(]/.test(value) ? null : value;
}
