import { debug, endGroup, info, setSecret, startGroup } from '@actions/core';
import type { FileLine } from '../model/errors.ts';
import { openRedactor } from '../model/redact.ts';
import { formsOf } from '../model/secret-forms.ts';
import { type ShortName, shortDigest, shortenNames } from '../model/short-names.ts';
import { visible } from '../model/visible.ts';
import { openAnnotations } from './annotations.ts';
import type { Paint } from './paint.ts';

/** The job's log. Nothing that is printed through it can issue a workflow command. */
export interface Log {
  /** Long names are shortened: the report has them whole. */
  info(message: string): void;
  /** With names as they are: something in it may have to be copied, such as a command. */
  exact(message: string): void;
  debug(message: string): void;
  /** Also an annotation, of what is missing and harms nothing. */
  notice(message: string): void;
  /** Also an annotation, of what may need a change. */
  warning(message: string): void;
  /** Also an annotation, at a place in the user's files where there is one. One for a run: the cause and the next step. */
  error(message: string, title: string, at?: FileLine): void;
  /** Text from outside (a container, a cloud) as it is, set apart line by line. */
  foreign(lines: readonly string[]): void;
  /** From here on the runner shows *** instead, in the whole job, and this action prints and reports it nowhere. */
  mask(secret: string): void;
  /** From here on this action prints and reports *** instead, in any encoding. Ordinary words are no secrets, and stay. */
  hide(values: readonly string[]): void;
  /** `hide`, and the runner shows *** in the rest of the job too. */
  maskValues(values: readonly string[]): void;
  /** A text for other places than the log, as the log would print it. */
  redact(text: string): string;
  group<T>(title: string, body: () => Promise<T>): Promise<T>;
  /** Each warning and notice so far, as it was printed: GitHub shows ten of a kind for a step. */
  warnings(): readonly string[];
  /** The end of the step: what GitHub shows no annotation of is counted and named in one. */
  close(): void;
}

export interface LogOptions {
  /** What is no secret, though it may be a value of a variable too: the name of the service. */
  readonly publicTexts?: readonly string[];
  /** Long names beside digests, which are always shortened. */
  readonly shortNames?: readonly ShortName[];
  readonly paint?: Paint;
}

export function openLog({ publicTexts = [], shortNames = [], paint = (line) => line }: LogOptions = {}): Log {
  const redactor = openRedactor(publicTexts);
  const shown = (text: string): string => harmless(redactor.redact(text));
  return {
    ...printers(shown, { names: [shortDigest, ...shortNames], paint }),
    hide: redactor.hide,
    redact: redactor.redact,
    mask(secret) {
      redactor.hide([secret]);
      // A short mask would black out ordinary words all over the log.
      if (secret.length >= SHORTEST_MASK) setSecret(secret);
    },
    maskValues(values) {
      redactor.hide(values);
      // What it takes for ordinary is no mask either. The runner itself masks the lines of a text.
      const secrets = values.filter((value) => redactor.redact(value) !== value);
      for (const form of new Set(secrets.flatMap(maskedForms))) setSecret(form);
    },
  };
}

const SHORTEST_MASK = 6;
const LONGEST_ENCODED_MASK = 4_096;

interface Look {
  readonly names: readonly ShortName[];
  readonly paint: Paint;
}

type Printers = Omit<Log, 'hide' | 'redact' | 'mask' | 'maskValues'>;

function printers(shown: (text: string) => string, { names, paint }: Look): Printers {
  const print = (text: string): void => info(text.split('\n').map(paint).join('\n'));
  const annotations = openAnnotations(print);
  return {
    info: (message) => print(shortenNames(shown(message), names)),
    exact: (message) => print(shown(message)),
    debug: (message) => debug(shown(message)),
    notice: (message) => annotations.add('notice', shown(message)),
    warning: (message) => annotations.add('warning', shown(message)),
    error: (message, title, at) =>
      annotations.add('error', shown(message), { title: shown(title), ...(at ? placeOf(at) : {}) }),
    warnings: annotations.warnings,
    close: annotations.close,
    foreign(lines) {
      for (const line of shown(lines.join('\n')).split('\n')) print(`  | ${line}`);
    },
    async group(title, body) {
      startGroup(shown(title));
      try {
        return await body();
      } finally {
        endGroup();
      }
    },
  };
}

/** As the runner takes it: from the root of the repository. */
function placeOf({ file, line }: FileLine): { readonly file: string; readonly startLine: number } {
  return { file: visible(file).replace(/^(?:\.\/)+/, ''), startLine: line };
}

/** With the encodings that other steps of the job may print; of a long text itself only. */
function maskedForms(value: string): readonly string[] {
  const forms = value.length <= LONGEST_ENCODED_MASK ? formsOf(value) : [value];
  return forms.filter((form) => form.length >= SHORTEST_MASK);
}

/**
 * The runner takes a line that starts with `::`, or holds `##[`, for a command (actions/runner ActionCommand.cs).
 */
export function harmless(text: string): string {
  return (
    visible(text)
      .replace(/##\[/g, '# #[')
      // Within its line: over several, each line would be looked at once for each before it.
      .replace(/^([^\S\n\u2028\u2029]*)::/gm, '$1: :')
  );
}
