import { type AnnotationProperties, error, notice, warning } from '@actions/core';
import { cutMiddle } from '../model/cut-middle.ts';

export type AnnotationKind = 'notice' | 'warning' | 'error';

/** What GitHub shows on the page of the run, within its limits. */
export interface Annotations {
  /** At once while there is room. What comes later is a line of the log until `close`. */
  add(kind: AnnotationKind, text: string, properties?: AnnotationProperties): void;
  /** Each warning and notice so far, annotated or not: at most 200. */
  warnings(): readonly string[];
  /** The last annotation of a kind that had more than its number says how many those are, and what they say. */
  close(): void;
}

/** GitHub shows the first ten of a kind for a step, and drops the others (actions/runner ExecutionContext.cs, _maxIssueCount). */
const MOST_OF_A_KIND = 10;
/** It cuts the end of a longer one, and with the end goes the next step (_maxIssueMessageLength). It counts UTF-16 units. */
const LONGEST = 4_096;
const MOST_KEPT = 200;
const PRINT = { notice, warning, error } as const;
const NAMES = { notice: 'Notice', warning: 'Warning', error: 'Error' } as const;

/** `print`: a line of the log. Texts are printed as they are. */
export function openAnnotations(print: (line: string) => void): Annotations {
  const issued = { notice: 0, warning: 0, error: 0 };
  const held: Record<AnnotationKind, string[]> = { notice: [], warning: [], error: [] };
  const warnings: string[] = [];
  const annotate = (kind: AnnotationKind, text: string, properties: AnnotationProperties = {}): void => {
    issued[kind] += 1;
    PRINT[kind](cutMiddle(text, LONGEST), properties);
  };
  return {
    warnings: () => warnings,
    add(kind, text, properties) {
      if (kind !== 'error' && warnings.length < MOST_KEPT) warnings.push(text);
      // One place is kept for what says how many more there are.
      if (issued[kind] < MOST_OF_A_KIND - 1) {
        annotate(kind, text, properties);
        return;
      }
      held[kind].push(text);
      print(`${NAMES[kind]}: ${text}`);
    },
    close() {
      for (const kind of ['error', 'warning', 'notice'] as const) {
        const texts = held[kind].splice(0);
        if (texts.length > 0) annotate(kind, describeHeld(kind, texts));
      }
    },
  };
}

function describeHeld(kind: AnnotationKind, texts: readonly string[]): string {
  const what = texts.length === 1 ? `1 more ${kind}, which is` : `${texts.length} more ${kind}s, which are`;
  return `${what} in the log too:\n${texts.map((text) => `- ${text}`).join('\n')}`;
}
