import { DeployError } from './errors.ts';

const HINT = 'Save it as UTF-8.';

/**
 * The text of a file that an input names, without a byte order mark. `toString()` would put other characters in the place of
 * bytes that are no UTF-8, and a changed value would be deployed.
 * @throws DeployError INPUT_INVALID for another encoding
 */
export function textOfFile(bytes: Buffer, file: string): string {
  const isUtf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  if (isUtf16) throw refusal(file, 'it is UTF-16, as `>` of Windows PowerShell writes it');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw refusal(file, 'it has bytes that are not UTF-8');
  }
}

function refusal(file: string, why: string): DeployError {
  return new DeployError('INPUT_INVALID', `could not read the file ${file}: ${why}`, { hint: HINT });
}
