import type { Io } from '../io/io.ts';
import { DeployError } from '../model/errors.ts';
import { textOfFile } from '../model/text-of-file.ts';
import type { SmokeTestFiles } from './smoke-tests.ts';

/** The files that smoke tests may name: those of the workspace. */
export function repositoryFiles(files: Pick<Io['files'], 'sizeOfInput' | 'readInput'>): SmokeTestFiles {
  return {
    size: files.sizeOfInput,
    readFile(file) {
      try {
        return textOfFile(files.readInput(file, MAX_SMOKE_TESTS_BYTES), file);
      } catch (error) {
        if (error instanceof RangeError) throw tooLong(file);
        if (error instanceof DeployError) throw error;
        // The parser says which file is missing, in its own words.
        return null;
      }
    },
  };
}

const MAX_SMOKE_TESTS_BYTES = 1_000_000;

function tooLong(file: string): DeployError {
  return new DeployError('INPUT_INVALID', `could not read smoke-tests: ${file} is longer than 1 MB`, {
    hint: 'Send large request bodies from files of their own (`file:`).',
  });
}
