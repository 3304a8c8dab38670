import { DeployError } from '../model/errors.ts';
import { isJsonObject, type JsonObject, textAt, tryParseJson } from '../model/json.ts';
import type { Requirement, VerifyOptions } from '../model/requirement.ts';
import { textOfFile } from '../model/text-of-file.ts';
import { parseYaml } from '../model/yaml.ts';
import type { StepInputs } from './step-inputs.ts';
import { readRequirement, type VerifyFiles } from './verify-entry.ts';

const MAX_REQUIREMENTS = 20;
const MAX_ROOT_BYTES = 4_000_000;
const HINT = 'Write a list such as `- attestation: { repository: acme/agent }`, one requirement an entry.';

/** The inputs `verify` and `trusted-root`: what has to be true of the images, and whom to believe. */
export function parseVerification(inputs: StepInputs, files: VerifyFiles): VerifyOptions {
  const verify = inputs.parsed('verify', (text) => parseRequirements(text, files), []);
  const trustedRoots = inputs.parsed('trusted-root', (file) => parseTrustedRoots(file, files), null);
  if (inputs.text('verify') === '' && inputs.text('trusted-root') !== '') {
    const next = 'Add `verify:`, or remove it.';
    inputs.problem('trusted-root', { given: 'a value', expected: 'nothing while there is no verify', next });
  }
  return { verify, trustedRoots };
}

/** @throws DeployError INPUT_INVALID with every problem, each with the entry that it is in */
export function parseRequirements(text: string, files: VerifyFiles): readonly Requirement[] {
  const list = parseYaml(text, 'verify');
  // An empty list would say "verified" of everything.
  if (!Array.isArray(list) || list.length === 0) throw invalid(['expected a list with at least one requirement']);
  if (list.length > MAX_REQUIREMENTS) {
    throw invalid([`expected at most ${MAX_REQUIREMENTS} requirements, got ${list.length}`]);
  }
  const entries = list.map((entry: unknown, index) => readRequirement(entry, `verify[${index}]`, files));
  const problems = entries.flatMap(({ problems: own }, index) => own.map((problem) => `verify[${index}]: ${problem}`));
  if (problems.length > 0) throw invalid(problems);
  const requirements = entries.flatMap(({ requirement }) => requirement ?? []);
  if (requirements.every(({ kind }) => kind === 'unverified')) {
    throw invalid(['expected at least one attestation or signature: nothing would be verified']);
  }
  return requirements;
}

function invalid(problems: readonly string[]): DeployError {
  const list = problems.length === 1 ? ` ${problems[0]}` : problems.map((problem) => `\n    - ${problem}`).join('');
  return new DeployError('INPUT_INVALID', `could not read verify:${list}`, { hint: HINT });
}

/** One JSON document, or one a line, as `gh attestation trusted-root` prints them. */
function parseTrustedRoots(file: string, files: VerifyFiles): readonly JsonObject[] {
  const text = readFile(file, files);
  const whole = tryParseJson(text);
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const documents = whole === undefined ? lines.map(tryParseJson) : [whole];
  const roots = documents.filter(isTrustedRoot);
  if (roots.length === documents.length && roots.length > 0) return roots;
  throw new DeployError('INPUT_INVALID', `could not read trusted-root: ${file} is not a Sigstore trusted root`, {
    at: { file, line: 1 },
    hint: 'Write it with `gh attestation trusted-root > trusted_root.jsonl` or `cosign trusted-root create`.',
  });
}

function isTrustedRoot(document: unknown): document is JsonObject {
  return isJsonObject(document) && textAt(document, 'mediaType').startsWith('application/vnd.dev.sigstore.trustedroot');
}

function readFile(file: string, files: VerifyFiles): string {
  try {
    return textOfFile(files.readInput(file, MAX_ROOT_BYTES), file);
  } catch (error) {
    if (error instanceof DeployError) throw error;
    const why = error instanceof RangeError ? `${file} is longer than 4 MB` : `there is no file ${file}`;
    throw new DeployError('INPUT_INVALID', `could not read trusted-root: ${why}`, {
      hint: 'Name a file of the workspace, by its path from the root.',
    });
  }
}
