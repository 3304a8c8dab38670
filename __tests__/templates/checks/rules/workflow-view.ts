import { isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument, type YAMLMap } from 'yaml';
import type { WorkflowText } from '../finding.ts';

/** A key with its value, and the line that it is on. */
export interface Entry {
  readonly key: string;
  readonly value: unknown;
  readonly line: number;
  /** After the value, on the same line; '' without. */
  readonly comment: string;
}

export interface StepView {
  readonly line: number;
  readonly uses: Entry | null;
  readonly run: Entry | null;
  readonly with: readonly Entry[];
  readonly entries: readonly Entry[];
}

export interface JobView {
  readonly id: string;
  readonly line: number;
  readonly entries: readonly Entry[];
  readonly permissions: readonly Entry[];
  readonly steps: readonly StepView[];
}

/** What the rules look at: plain values, with lines and comments, which a plain parse would lose. */
export interface WorkflowView {
  readonly source: WorkflowText;
  readonly lines: readonly string[];
  readonly entries: readonly Entry[];
  readonly permissions: readonly Entry[];
  readonly jobs: readonly JobView[];
}

export function viewWorkflow(source: WorkflowText): WorkflowView {
  const lineCounter = new LineCounter();
  const document = parseDocument(source.text, { lineCounter });
  const reader = new Reader(lineCounter, source.text.split('\n'));
  const jobs = find(document.contents, 'jobs');
  return {
    source,
    lines: reader.lines,
    entries: reader.entries(document.contents),
    permissions: reader.entries(find(document.contents, 'permissions')),
    jobs: isMap(jobs) ? jobs.items.map((pair) => reader.job(pair as Pair<Node, Node>)) : [],
  };
}

/** null: the key is not there. */
export function entryOf(entries: readonly Entry[], key: string): Entry | null {
  return entries.find((entry) => entry.key === key) ?? null;
}

class Reader {
  readonly lines: readonly string[];
  readonly #counter: LineCounter;

  constructor(counter: LineCounter, lines: readonly string[]) {
    this.#counter = counter;
    this.lines = lines;
  }

  entries(node: unknown): readonly Entry[] {
    if (!isMap(node)) return [];
    return (node as YAMLMap<Node, Node>).items.map((pair) => {
      const line = this.#lineOf(pair.key);
      const comment = /\s#\s?(.*)$/.exec(this.lines[line - 1] ?? '')?.[1] ?? '';
      return { key: String(pair.key), value: pair.value?.toJSON?.() ?? null, line, comment };
    });
  }

  job({ key, value }: Pair<Node, Node>): JobView {
    const steps = find(value, 'steps');
    return {
      id: String(key),
      line: this.#lineOf(key),
      entries: this.entries(value),
      permissions: this.entries(find(value, 'permissions')),
      steps: isSeq(steps) ? steps.items.filter(isMap).map((step) => this.#step(step)) : [],
    };
  }

  #step(node: YAMLMap): StepView {
    const entries = this.entries(node);
    return {
      line: entries[0]?.line ?? 1,
      uses: entryOf(entries, 'uses'),
      run: entryOf(entries, 'run'),
      with: this.entries(find(node, 'with')),
      entries,
    };
  }

  #lineOf(node: Node): number {
    return this.#counter.linePos(isScalar(node) ? (node.range?.[0] ?? 0) : 0).line;
  }
}

function find(node: unknown, key: string): unknown {
  return isMap(node) ? node.get(key, true) : undefined;
}
