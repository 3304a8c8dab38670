import { writeFileSync } from 'node:fs';

/**
 * Writes a new file that only this user can read. Durable when it returns.
 * @throws Error of Node, EEXIST where anything has this name: on a shared runner another user may have placed a file or a
 * link there first
 */
export function writePrivately(file: string, text: string): void {
  writeFileSync(file, text, { mode: 0o600, flag: 'wx', flush: true });
}
