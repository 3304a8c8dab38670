import { nearestDuration, parseDuration } from '../model/duration.ts';
import { DeployError, describeError, type FileLine } from '../model/errors.ts';
import type { InputReader } from '../model/input-reader.ts';
import { nearest, squeeze } from '../model/nearest.ts';

/** The step's inputs as the runner hands them over: `INPUT_<NAME>`, upper case, spaces as `_`, dashes kept. */
export interface StepInputs extends InputReader {
  /** As the runner hands it over, spaces at its ends included. */
  whole(name: string): string;
  /** Lines that are not empty, trimmed. */
  lines(name: string): readonly string[];
  /** Parses with a function that throws DeployError INPUT_INVALID; `fallback` where it was not given or is wrong. */
  parsed<T>(name: string, parse: (text: string) => T, fallback: T): T;
  /** Names read so far. */
  readonly read: ReadonlySet<string>;
  /** @throws DeployError INPUT_INVALID with every problem that was noted. */
  ensureNoProblems(): void;
}

export function readStepInputs(env: Readonly<Record<string, string | undefined>>): StepInputs {
  const read = new Set<string>();
  // A target and a registry of one cloud may read the same input.
  const problems = new Set<string>();
  let at: FileLine | null = null;
  const whole = (name: string): string => {
    read.add(name);
    const value = env[environmentName(name)] ?? '';
    const made = MADE_OF.get(value.trim());
    if (made) problem(name, { given: `${value.trim()}, which is what GitHub makes of ${made}`, ...TEXT_OF_IT });
    return value;
  };
  const text = (name: string): string => whole(name).trim();
  const problem: InputReader['problem'] = (name, { given, expected, next }) => {
    const found = given === null ? 'is required (the value is empty)' : `got ${given}`;
    problems.add(`${name}: ${found}; expected ${expected}.${next ? ` ${next}` : ''}`);
  };
  return {
    read,
    whole,
    text,
    problem,
    ...typedReaders(text, problem),
    parsed(name, parse, fallback) {
      const value = text(name);
      if (value === '') return fallback;
      try {
        return parse(value);
      } catch (error) {
        const { message, hint, at: place } = describeError(error);
        at ??= place ?? null;
        problems.add(`${name}: ${message}${hint ? `. ${hint}` : ''}`);
        return fallback;
      }
    },
    ensureNoProblems() {
      if (problems.size > 0) throw refusal([...problems], at);
    },
  };
}

/** What an expression gives that stands for one of these: a property of a matrix, say. */
const MADE_OF: ReadonlyMap<string, string> = new Map([
  ['Array', 'a list'],
  ['Object', 'a map'],
]);
const TEXT_OF_IT = {
  expected: 'text',
  next: 'Name one property of it in the expression, or put toJSON() or join() around it.',
};

type TypedReaders = Pick<StepInputs, 'required' | 'boolean' | 'duration' | 'choice' | 'lines'>;

function typedReaders(text: StepInputs['text'], problem: StepInputs['problem']): TypedReaders {
  return {
    required(name, purpose) {
      const value = text(name);
      if (value === '') problem(name, { given: null, expected: purpose, next: nextForEmpty(name) });
      return value;
    },
    boolean(name, fallback) {
      const value = text(name);
      if (value === '') return fallback;
      if (/^(true|false)$/i.test(value)) return value.toLowerCase() === 'true';
      const meant = ['true', 'false'].find((word) => isMeant(word, value));
      problem(name, { given: quote(value), expected: 'true or false', ...suggest(meant) });
      return fallback;
    },
    duration(name, fallback) {
      const given = text(name) || fallback;
      const milliseconds = parseDuration(given);
      if (isPossible(milliseconds)) return milliseconds;
      const expected = 'a duration from 1s to 24h, such as 90s, 15m or 1h30m';
      const meant = nearestDuration(given);
      problem(name, {
        given: quote(given),
        expected,
        ...suggest(isPossible(parseDuration(meant ?? '')) ? meant : null),
      });
      return LONGEST_MS;
    },
    choice(name, choices, fallback) {
      const value = text(name);
      const found = choices.find((choice) => choice === value);
      if (value === '' || found !== undefined) return found ?? fallback;
      const same = choices.find((choice) => squeeze(choice) === squeeze(value));
      const elsewhere = choices.find((choice) => CHOICES_ELSEWHERE.get(squeeze(value)) === choice);
      const meant = same ?? elsewhere ?? nearest(value, choices);
      problem(name, { given: quote(value), expected: `one of ${choices.join(', ')}`, ...suggest(meant) });
      return fallback;
    },
    lines: (name) =>
      text(name)
        .split('\n')
        .map((line) => line.trim())
        .filter((line) => line !== ''),
  };
}

function suggest(meant: string | null | undefined): { readonly next?: string } {
  return meant ? { next: `Did you mean \`${meant}\`?` } : {};
}

/** What other tools call one of our choices, in the form of `squeeze`. */
const CHOICES_ELSEWHERE: ReadonlyMap<string, string> = new Map([
  ...['dryrun', 'diff', 'check', 'validate'].map((word) => [word, 'plan'] as const),
  ...['apply', 'release', 'run'].map((word) => [word, 'deploy'] as const),
  ...['linear', 'progressive', 'gradual', 'weighted'].map((word) => [word, 'canary'] as const),
  ...['rollingupdate', 'recreate', 'allatonce', 'replace'].map((word) => [word, 'rolling'] as const),
  ...['revert', 'undo', 'restore'].map((word) => [word, 'rollback'] as const),
  ...['ignore', 'continue', 'none', 'nothing'].map((word) => [word, 'keep'] as const),
]);

/** The words for it of YAML 1.1, of shells and of other actions. */
const SAME: Readonly<Record<string, RegExp>> = { true: /^(?:yes|y|on|1)$/i, false: /^(?:no|n|off|0)$/i };

function isMeant(word: string, given: string): boolean {
  return SAME[word]!.test(given) || nearest(given, [word]) !== null;
}

/** The runner hands over an input that is not there and one whose expression has no value in the same way. */
export function nextForEmpty(name: string): string {
  return `Add \`${name}:\` to the step. If it is there, its value is empty: check that the secret, variable, output or matrix value in it exists. Secrets are empty in pull requests from forks.`;
}

/** `at`: of the first that is in a file; only one annotation is made. */
function refusal(problems: readonly string[], at: FileLine | null): DeployError {
  const list = problems.map((line) => `\n  - ${line}`).join('');
  const count = problems.length === 1 ? '1 invalid input' : `${problems.length} invalid inputs`;
  return new DeployError('INPUT_INVALID', `could not use the inputs of this step: ${count}:${list}`, {
    hint: 'Fix the `with:` block of this step. Nothing was touched.',
    at,
  });
}

const LONGEST_MS = 24 * 60 * 60 * 1_000;

function isPossible(milliseconds: number | null): milliseconds is number {
  return milliseconds !== null && milliseconds >= 1_000 && milliseconds <= LONGEST_MS;
}

export function environmentName(input: string): string {
  return `INPUT_${input.replaceAll(' ', '_').toUpperCase()}`;
}

function quote(value: string): string {
  const line = value.replace(/\s+/g, ' ');
  return `"${line.length > 60 ? `${line.slice(0, 60)}…` : line}"`;
}
