import { DeployError } from './errors.ts';

/** Runs what reads this file: what is wrong with it is then shown at its line. @throws what `read` throws */
export function inFile<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof DeployError) || error.at) throw error;
    const { code, message, hint, line } = error;
    throw new DeployError(code, message, { cause: error, ...(hint ? { hint } : {}), at: { file, line: line ?? 1 } });
  }
}
