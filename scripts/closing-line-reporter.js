// Ends a test run with one line that every CI can read: "12 passed, 0 failed, 1 skipped".
import { writeFileSync } from 'node:fs';

export default class ClosingLineReporter {
  onRunComplete(_, { numPassedTests, numFailedTests, numPendingTests, numRuntimeErrorTestSuites }) {
    const failed = numFailedTests + numRuntimeErrorTestSuites;
    const skipped = numPendingTests > 0 ? `, ${numPendingTests} skipped` : '';
    const line = `${numPassedTests} passed, ${failed} failed${skipped}\n`;
    // scripts/test.js has more to say, and then prints it.
    if (process.env.CLOSING_LINE_FILE) writeFileSync(process.env.CLOSING_LINE_FILE, line);
    else process.stdout.write(line);
  }
}
