import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type Scalar,
  visit,
} from 'yaml';
import { DeployError } from './errors.ts';
import { toExact } from './exact-json.ts';
import { findDropped } from './yaml-exact.ts';
import { findUnsafe, type Problem } from './yaml-safety.ts';

const MAX_BYTES = 256 * 1024;
const MAX_PROBLEMS = 3;
// Uses of one anchor, multiplied along nested ones: `yaml` stops a "billion laughs" text there.
const MAX_ALIAS_COUNT = 100;

/**
 * One YAML 1.2 document (core schema) as plain data. No message quotes the text: it can hold a secret.
 * @throws DeployError INPUT_INVALID that names `what`, line and column, and what is expected there.
 */
export function parseYaml(text: string, what: string): unknown {
  const { document } = parseSafely(text, what);
  return toPlain(document, what);
}

/** The same, with whole numbers that a JavaScript number can't hold exactly as `bigint`. */
export function parseExactYaml(text: string, what: string): unknown {
  const { document } = parseSafely(text, what);
  visit(document, { Scalar: (_, node) => void Object.assign(node, { value: toExact(node.value, node.source) }) });
  return toPlain(document, what);
}

/** Lines, from 1, at which the entries of a list begin; empty: it is none that can be read. */
export function linesOfEntries(text: string): readonly number[] {
  const lines = new LineCounter();
  const { contents } = parseDocument(text, {
    schema: 'core',
    uniqueKeys: false,
    prettyErrors: false,
    lineCounter: lines,
  });
  if (!isSeq(contents)) return [];
  return contents.items.map((item) => lines.linePos((item as Node | null)?.range?.[0] ?? 0).line);
}

function toPlain(document: Document, what: string): unknown {
  try {
    return document.toJS({ maxAliasCount: MAX_ALIAS_COUNT });
  } catch {
    throw unreadable(what, ['its aliases grow too much; expected fewer uses of `*name`']);
  }
}

/**
 * A YAML map of name -> scalar. Numbers and booleans become text exactly as written: 1.10 stays "1.10".
 * @throws DeployError INPUT_INVALID with every problem.
 */
export function parseStringMap(text: string, what: string): ReadonlyMap<string, string> {
  return readStringMap(text, what, () => []);
}

/**
 * The same, where each value has to be exactly what is written.
 * @throws DeployError INPUT_INVALID with every problem; also where YAML drops a part of a value
 */
export function parseExactMap(text: string, what: string): ReadonlyMap<string, string> {
  return readStringMap(text, what, findDropped);
}

/** The names to which such a map (a name a line) gives `null`, in this spelling, and the map without them. An empty value is none. */
export function splitNulls(text: string, what: string): { readonly nulls: ReadonlySet<string>; readonly rest: string } {
  const { document } = parseSafely(text, what);
  const map = isMap(document.contents) && !document.contents.flow ? document.contents : null;
  const pairs = map?.items ?? [];
  const removed = pairs.filter(({ value }) => isScalar(value) && value.value === null && value.source === 'null');
  // Blanks in their place keep lines and columns of the others for messages.
  let rest = text;
  for (const { key, value } of removed) {
    const [start, end] = [(key as Scalar).range![0], (value as Scalar).range![1]];
    rest = rest.slice(0, start) + ' '.repeat(end - start) + rest.slice(end);
  }
  return { nulls: new Set(removed.map(({ key }) => String((key as Scalar).value))), rest };
}

function readStringMap(text: string, what: string, findMore: typeof findDropped): ReadonlyMap<string, string> {
  const { document, lines } = parseSafely(text, what);
  if (document.contents === null || (isScalar(document.contents) && document.contents.value === null)) return new Map();
  if (!isMap(document.contents)) throw unreadable(what, ['expected one `NAME: value` a line']);
  const entries = document.contents.items.map((pair) => readEntry(pair, document));
  const unread = entries.flatMap((entry) => ('expected' in entry ? [entry] : []));
  const problems = [...unread, ...findMore(document.contents.items, text)];
  if (problems.length > 0) throw unreadableAt(what, problems, lines, problems.length);
  return new Map(entries.flatMap((entry) => ('name' in entry ? [[entry.name, entry.value] as const] : [])));
}

function parseSafely(text: string, what: string): { readonly document: Document; readonly lines: LineCounter } {
  if (Buffer.byteLength(text) > MAX_BYTES) throw unreadable(what, ['expected at most 256 KiB of YAML']);
  const lines = new LineCounter();
  const document = parseDocument(text, {
    schema: 'core',
    merge: false,
    resolveKnownTags: false,
    stringKeys: true,
    // The library compares every key with every other: 20,000 keys take it 5 s. findUnsafe looks for doubles instead.
    uniqueKeys: false,
    // Pretty errors quote the text.
    prettyErrors: false,
    lineCounter: lines,
  });
  // Warnings are tags that the core schema doesn't know; the library would go on with the plain text.
  const syntax = [...document.errors, ...document.warnings].map(
    ({ code, pos }): Problem => ({ offset: pos[0], expected: EXPECTATIONS.get(code) ?? 'expected valid YAML' }),
  );
  const problems = syntax.length > 0 ? syntax : findUnsafe(document);
  if (problems.length === 0) return { document, lines };
  throw unreadableAt(what, problems, lines, MAX_PROBLEMS);
}

const EXPECTATIONS: ReadonlyMap<string, string> = new Map([
  ['BAD_COLLECTION_TYPE', 'the tag does not fit; expected no tag'],
  ['BAD_DQ_ESCAPE', "unknown escape in double quotes; expected \\\\ for a backslash, or single quotes '…'"],
  ['BAD_INDENT', 'wrong indentation, or a bracket that is not closed; expected lines of one level in one column'],
  ['BAD_SCALAR_START', 'a plain value cannot start like this; expected it in quotes'],
  ['BLOCK_AS_IMPLICIT_KEY', 'a second `: ` on one line; expected a value with `: ` in it to be in quotes'],
  ['BLOCK_IN_FLOW', 'indented lines inside brackets; expected [a, b] or { a: 1 }'],
  ['MISSING_CHAR', 'a character is missing; expected the closing quote or bracket, a comma, or a space after `:`'],
  ['MULTILINE_IMPLICIT_KEY', 'a line without `:`; expected `name: value`, and the same indentation as its neighbours'],
  ['MULTIPLE_DOCS', 'a second document; expected only one (no `---` line)'],
  ['NON_STRING_KEY', 'a list or map as a name; expected text, in quotes if it has brackets in it'],
  ['RESOURCE_EXHAUSTION', 'nested too deep; expected at most 32 levels'],
  ['TAB_AS_INDENT', 'a tab indents; expected spaces'],
  ['TAG_RESOLVE_FAILED', 'a custom tag; expected no `!tag`, and text that starts with `!` in quotes'],
  ['UNEXPECTED_TOKEN', 'unexpected text; expected the same kind of line, at the same indentation, as the one before'],
]);

function readEntry(pair: Pair, document: Document): { readonly name: string; readonly value: string } | Problem {
  const key = isScalar(pair.key) ? pair.key : null;
  const name = String(key?.value ?? '');
  const offset = key?.range?.[0] ?? 0;
  // The name isn't quoted: in `TOKEN=abc: x` it holds a value.
  if (!/^[A-Za-z_][A-Za-z0-9_.-]*$/.test(name)) {
    return {
      offset,
      expected: 'expected a name of letters, digits, `_`, `.` and `-` that starts with a letter or `_`',
    };
  }
  const node = isAlias(pair.value) ? pair.value.resolve(document) : pair.value;
  const scalar = isScalar(node) ? node : null;
  if (typeof scalar?.value === 'string') return { name, value: scalar.value };
  if (scalar && scalar.value !== null && scalar.source !== undefined) return { name, value: scalar.source };
  return {
    offset,
    expected: `${name} has ${scalar || node === null ? 'no value' : 'a list or map'}; expected text (\`""\` for none)`,
  };
}

function formatProblem({ offset, expected }: Problem, lines: LineCounter): string {
  const { line, col } = lines.linePos(offset);
  return `line ${line}, column ${col}: ${expected}`;
}

function unreadableAt(what: string, problems: readonly Problem[], lines: LineCounter, most: number): DeployError {
  const texts = new Set(problems.map((problem) => formatProblem(problem, lines)));
  return unreadable(what, [...texts].slice(0, most), lines.linePos(problems[0]!.offset).line);
}

function unreadable(what: string, problems: readonly string[], line?: number): DeployError {
  const list = problems.length === 1 ? ` ${problems[0]}` : problems.map((problem) => `\n    - ${problem}`).join('');
  return new DeployError('INPUT_INVALID', `could not read ${what}:${list}`, {
    hint: 'Correct the YAML there.',
    ...(line === undefined ? {} : { line }),
  });
}
