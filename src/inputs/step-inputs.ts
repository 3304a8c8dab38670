import { parseDuration } from '../model/duration.ts';
import { DeployError, describeError } from '../model/errors.ts';
import type { InputReader } from '../model/input-reader.ts';

/** The step's inputs as the runner hands them over: `INPUT_<NAME>`, upper case, spaces as `_`, dashes kept. */
export interface StepInputs extends InputReader {
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
  const text = (name: string): string => {
    read.add(name);
    return (env[environmentName(name)] ?? '').trim();
  };
  const problem: InputReader['problem'] = (name, { given, expected, next }) => {
    const found = given === null ? 'is required (the value is empty)' : `got ${given}`;
    problems.add(`${name}: ${found}; expected ${expected}.${next ? ` ${next}` : ''}`);
  };
  return {
    read,
    text,
    problem,
    ...typedReaders(text, problem),
    parsed(name, parse, fallback) {
      const value = text(name);
      if (value === '') return fallback;
      try {
        return parse(value);
      } catch (error) {
        const { message, hint } = describeError(error);
        problems.add(`${name}: ${message}${hint ? `. ${hint}` : ''}`);
        return fallback;
      }
    },
    ensureNoProblems() {
      if (problems.size > 0) throw refusal([...problems]);
    },
  };
}

type TypedReaders = Pick<StepInputs, 'required' | 'boolean' | 'duration' | 'choice' | 'lines'>;

function typedReaders(text: StepInputs['text'], problem: StepInputs['problem']): TypedReaders {
  return {
    required(name, purpose) {
      const value = text(name);
      if (value === '') problem(name, { given: null, expected: purpose, next: `Add \`${name}:\` to the step.` });
      return value;
    },
    boolean(name, fallback) {
      const value = text(name);
      if (value === '') return fallback;
      if (/^(true|false)$/i.test(value)) return value.toLowerCase() === 'true';
      problem(name, { given: quote(value), expected: 'true or false' });
      return fallback;
    },
    duration(name, fallback) {
      const given = text(name) || fallback;
      const milliseconds = parseDuration(given);
      if (milliseconds !== null && milliseconds >= 1_000 && milliseconds <= LONGEST_MS) return milliseconds;
      problem(name, { given: quote(given), expected: 'a duration from 1s to 24h, such as 90s, 15m or 1h30m' });
      return LONGEST_MS;
    },
    choice(name, choices, fallback) {
      const value = text(name);
      const found = choices.find((choice) => choice === value);
      if (value === '' || found !== undefined) return found ?? fallback;
      problem(name, { given: quote(value), expected: `one of ${choices.join(', ')}` });
      return fallback;
    },
    lines: (name) =>
      text(name)
        .split('\n')
        .map((line) => line.trim())
        .filter((line) => line !== ''),
  };
}

function refusal(problems: readonly string[]): DeployError {
  const list = problems.map((line) => `\n  - ${line}`).join('');
  const count = problems.length === 1 ? '1 invalid input' : `${problems.length} invalid inputs`;
  return new DeployError('INPUT_INVALID', `could not use the inputs of this step: ${count}:${list}`, {
    hint: 'Fix the `with:` block of this step. Nothing was touched.',
  });
}

const LONGEST_MS = 24 * 60 * 60 * 1_000;

export function environmentName(input: string): string {
  return `INPUT_${input.replaceAll(' ', '_').toUpperCase()}`;
}

function quote(value: string): string {
  const line = value.replace(/\s+/g, ' ');
  return `"${line.length > 60 ? `${line.slice(0, 60)}…` : line}"`;
}
