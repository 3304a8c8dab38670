import type { Io } from '../io/io.ts';
import { DeployError } from '../model/errors.ts';
import { inFile } from '../model/in-file.ts';
import { looksLikeValue } from '../model/secret-value.ts';
import { textOfFile } from '../model/text-of-file.ts';
import { parseExactMap, parseStringMap, splitNulls } from '../model/yaml.ts';
import type { StepInputs } from './step-inputs.ts';
import { isLines, parseEnvFile, parseLines, parseReferences } from './variable-lines.ts';

type Variables = ReadonlyMap<string, string>;

/** Reads `environment-variables` and `secrets`: names of variables with their values, or with references. */
export function parseVariables(inputs: StepInputs, files: VariableFiles): ParsedVariables {
  const { set, removed } = parseEnvironment(inputs);
  const kept = [...parseFile(inputs, files)].filter(([name]) => !removed.has(name));
  const environment = new Map([...kept, ...set]);
  const secrets = parseSecrets(inputs);
  const parsed = { environment, removed, secrets };
  noteNamesInBoth(inputs, parsed);
  return parsed;
}

interface ParsedVariables {
  readonly environment: Variables;
  /** Names that the container is to have no more. */
  readonly removed: ReadonlySet<string>;
  readonly secrets: Variables;
}

/** The files of the repository. */
type VariableFiles = Pick<Io['files'], 'readInput'>;

const MOST_BYTES = 256 * 1024;

/** What `environment-variables` says of the same name counts. */
function parseFile(inputs: StepInputs, files: VariableFiles): Variables {
  const name = 'environment-file';
  const parse = (file: string): Variables => {
    const text = readFile(file, files);
    return inFile(file, () => parseEnvFile(text, `${name} (${file})`));
  };
  return inputs.parsed<Variables>(name, parse, new Map());
}

function readFile(file: string, files: VariableFiles): string {
  try {
    return textOfFile(files.readInput(file, MOST_BYTES), file);
  } catch (error) {
    if (error instanceof DeployError) throw error;
    const why = error instanceof RangeError ? 'it is longer than 256 KiB' : 'there is no such file';
    throw new DeployError('INPUT_INVALID', `could not read the file ${file}: ${why}`, {
      hint: 'Check the path from the root of the repository, and that actions/checkout is an earlier step of this job.',
    });
  }
}

/** The values may come from secrets: nothing of them is trimmed or dropped unsaid. */
function parseEnvironment(inputs: StepInputs): Environment {
  const name = 'environment-variables';
  const parse = (): Environment => {
    const text = inputs.whole(name);
    if (isLines(text)) return { set: parseLines(text, name), removed: new Set() };
    const { nulls, rest } = splitNulls(text, name);
    return { set: parseExactMap(rest, name), removed: nulls };
  };
  return inputs.parsed<Environment>(name, parse, { set: new Map(), removed: new Set() });
}

interface Environment {
  readonly set: Variables;
  readonly removed: ReadonlySet<string>;
}

/** A value in the place of a reference would be stored in the definition in plain text. It is not repeated. */
function parseSecrets(inputs: StepInputs): Variables {
  const parse = (text: string) => (isLines(text) ? parseReferences(text, 'secrets') : parseStringMap(text, 'secrets'));
  const secrets = inputs.parsed<Variables>('secrets', parse, new Map());
  const values = [...secrets].filter(([, reference]) => looksLikeValue(reference)).map(([name]) => name);
  if (values.length > 0) {
    inputs.problem('secrets', {
      given: `a value for ${values.join(', ')}`,
      expected: 'a reference to a secret, as what is written here is stored in plain text',
      next: 'Store the value in the secret manager of the cloud and write its name here. If this log is public, change the secret.',
    });
  }
  const empty = [...secrets].filter(([, reference]) => reference === '').map(([name]) => name);
  if (empty.length > 0) {
    const next = 'Write it, or check that the variable, output or matrix value in it exists.';
    inputs.problem('secrets', { given: `nothing for ${empty.join(', ')}`, expected: 'a reference to a secret', next });
  }
  return secrets;
}

function noteNamesInBoth(inputs: StepInputs, { environment, removed, secrets }: ParsedVariables): void {
  const both = [...environment.keys(), ...removed].filter((name) => secrets.has(name));
  if (both.length === 0) return;
  const given = `${both.join(', ')}, which the input environment-variables sets too`;
  inputs.problem('secrets', { given, expected: 'each name in one of the two', next: 'Remove it from one of them.' });
}
