import type { Io } from '../io/io.ts';
import { DeployError } from '../model/errors.ts';
import { tryParseJson } from '../model/json.ts';
import { textOfFile } from '../model/text-of-file.ts';
import type { Candidate } from './candidate.ts';

const MAX_BYTES = 16_000_000;
const MAX_BUNDLES = 50;

/**
 * The bundles of a file in the workspace: one JSON document, or one a line, as `gh attestation download` writes them.
 * @throws DeployError INPUT_INVALID
 */
export function readBundleFile(file: string, files: Io['files']): readonly Candidate[] {
  const text = read(file, files);
  const whole = tryParseJson(text);
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const bundles = whole === undefined ? lines.slice(0, MAX_BUNDLES).map(tryParseJson) : [whole];
  if (bundles.length === 0 || bundles.includes(undefined)) throw invalid(file, 'it is not JSON');
  return bundles.map((bundle) => ({ found: `file ${file}`, bundle, message: null }));
}

function read(file: string, files: Io['files']): string {
  try {
    return textOfFile(files.readInput(file, MAX_BYTES), file);
  } catch (error) {
    if (error instanceof DeployError) throw error;
    throw invalid(file, error instanceof RangeError ? 'it is longer than 16 MB' : 'there is no such file');
  }
}

function invalid(file: string, why: string): DeployError {
  return new DeployError('INPUT_INVALID', `could not read the bundle ${file}: ${why}`, {
    hint: 'Write it with `gh attestation download` or `cosign sign --bundle`, one bundle a line.',
  });
}
