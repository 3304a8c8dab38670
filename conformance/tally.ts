/** What was checked and how it ended. */
export interface Tally {
  /** Prints one line. `body` throws where the referee disagrees, and may return a note that is printed. */
  check(name: string, body: () => Promise<string | undefined>): Promise<void>;
  /** A referee that is not installed: a failure where CI=true, elsewhere a skip. */
  absent(name: string, reason: string): void;
  /** What this machine cannot do, and does not have to. */
  skip(name: string, reason: string): void;
  /** Prints the closing line. True: nothing failed, and something was checked. */
  close(): boolean;
}

export function openTally(): Tally {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const print = (mark: string, text: string): void => void process.stdout.write(`${mark.padEnd(5)}${text}\n`);
  return {
    async check(name, body) {
      const startedAt = performance.now();
      try {
        const note = await body();
        counts.passed++;
        const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
        print('ok', `${name} (${seconds}s)${note ? `: ${note}` : ''}`);
      } catch (error) {
        counts.failed++;
        print('FAIL', `${name}: ${error instanceof Error ? error.message : String(error)}`);
      }
    },
    absent(name, reason) {
      if (process.env['CI'] !== 'true') return this.skip(name, reason);
      counts.failed++;
      print('FAIL', `${name}: ${reason}`);
    },
    skip(name, reason) {
      counts.skipped++;
      print('-', `${name}: skipped: ${reason}`);
    },
    close() {
      const { passed, failed, skipped } = counts;
      process.stdout.write(`\n${passed} checks passed, ${failed} failed, ${skipped} skipped\n`);
      return failed === 0 && passed + skipped > 0;
    },
  };
}
