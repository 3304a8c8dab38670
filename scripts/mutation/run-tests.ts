import { spawn } from 'node:child_process';

/**
 * Runs jest in a folder, with everything that it starts in a group of its own.
 * @returns its exit code; null: the time was up, and nothing of the group is left
 */
export function runTests(folder: string, jestArguments: readonly string[], limitMs: number): Promise<number | null> {
  const args = ['--disable-warning=ExperimentalWarning', 'scripts/test.js', '--runInBand', ...jestArguments];
  const child = spawn(process.execPath, args, { cwd: folder, stdio: 'ignore', detached: true });
  const { promise, resolve, reject } = Promise.withResolvers<number | null>();
  let isOver = false;
  const end = (): void => endGroup(child.pid);
  const timer = setTimeout(() => {
    isOver = true;
    end();
  }, limitMs);
  // Before its folder is removed.
  process.prependOnceListener('exit', end);
  child.on('error', reject);
  child.on('close', (exitCode) => {
    clearTimeout(timer);
    process.off('exit', end);
    resolve(isOver ? null : (exitCode ?? 1));
  });
  return promise;
}

/** What tests started belongs to the group too. */
function endGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}
