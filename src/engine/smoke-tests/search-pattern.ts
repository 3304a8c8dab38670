import vm from 'node:vm';

const TIME_LIMIT_MS = 1_000;

/**
 * Looks for a regular expression (JavaScript's, with the flag u). Some take hours for a short text, so the engine is stopped
 * after a second: `slow`.
 */
export function searchPattern(pattern: string, text: string): 'found' | 'missing' | 'slow' {
  try {
    const given = Object.assign(Object.create(null), { pattern, text });
    const isFound = vm.runInNewContext('new RegExp(pattern, "u").test(text)', given, { timeout: TIME_LIMIT_MS });
    return isFound === true ? 'found' : 'missing';
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return 'slow';
    throw error;
  }
}
