import { type Case, commandFor, type Verdict } from './cases.ts';
import { type Row, titleOf } from './rows.ts';

export interface Count {
  readonly played: number;
  readonly broken: number;
}

interface Group {
  readonly violation: string;
  count: number;
  readonly rows: Set<string>;
  readonly examples: { readonly command: string; readonly evidence: readonly string[] }[];
}

const MOST_EXAMPLES = 4;

/** What differs from case to case says nothing about the kind. */
function withoutNames(violation: string): string {
  return violation
    .replace(/sha256:[0-9a-f]+/g, 'sha256')
    .replace(/v\d+/g, 'vN')
    .replace(/\d+/g, 'N')
    .replace(/: (?:-|\+).*/, ': …');
}

/** Counts what was played, and keeps violations of one kind together. */
export class Tally {
  readonly #counts = new Map<string, { played: number; broken: number }>();
  readonly #groups = new Map<string, Group>();
  played = 0;
  broken = 0;
  /** Of real time, all in all. */
  seconds = 0;

  add(played: Case, { violations, evidence }: Verdict): void {
    const key = `${titleOf(played.row)}: ${played.kind}`;
    const count = this.#counts.get(key) ?? { played: 0, broken: 0 };
    this.#counts.set(key, count);
    this.played += 1;
    count.played += 1;
    if (violations.length === 0) return;
    this.broken += 1;
    count.broken += 1;
    for (const violation of violations) this.#note(played, violation, evidence);
  }

  #note(played: Case, violation: string, evidence: readonly string[]): void {
    const [, way = ''] = played.variant.split('/');
    const key = `${played.row.target}: ${played.kind} ${way}: ${withoutNames(violation)}`;
    const group = this.#groups.get(key) ?? { violation: key, count: 0, rows: new Set(), examples: [] };
    this.#groups.set(key, group);
    group.count += 1;
    // One of each row first: they may have different causes.
    const isNew = !group.rows.has(titleOf(played.row));
    group.rows.add(titleOf(played.row));
    if (group.examples.length >= (isNew ? MOST_EXAMPLES : 1)) return;
    group.examples.push({ command: commandFor(played), evidence: [violation, ...evidence] });
  }

  count(row: Row, kind: string): Count {
    return this.#counts.get(`${titleOf(row)}: ${kind}`) ?? { played: 0, broken: 0 };
  }

  sum(kind: string): Count {
    const counts = [...this.#counts].flatMap(([key, count]) => (key.endsWith(`: ${kind}`) ? [count] : []));
    return {
      played: counts.reduce((sum, { played }) => sum + played, 0),
      broken: counts.reduce((sum, { broken }) => sum + broken, 0),
    };
  }

  /** Lines for the terminal. */
  describe(): readonly string[] {
    const rows = [...this.#counts].map(
      ([key, { played, broken }]) => `${key}: ${played} injected, ${broken} half-done`,
    );
    const groups = [...this.#groups.values()].sort((one, other) => other.count - one.count);
    const found = groups.flatMap(({ violation, count, examples }) => [
      '',
      `${count} x ${violation}`,
      ...examples.flatMap(({ command, evidence }) => [`  ${command}`, ...evidence.map((line) => `      ${line}`)]),
    ]);
    return [...rows, ...found, '', `${this.played} injected, ${this.broken} half-done`];
  }
}
