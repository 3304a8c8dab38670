import { afterEach, expect, test } from '@jest/globals';
import { abortedBySignal, ignoreSignals, isCancelled } from '../../../src/io/signals.ts';

const NAMES = ['SIGINT', 'SIGTERM', 'SIGBREAK'] as const;
afterEach(() => {
  for (const name of [...NAMES, 'uncaughtException'] as const) process.removeAllListeners(name);
});

// Linux has no SIGBREAK, and Windows is not at hand: it comes as an event of that name.
test.each(NAMES)('%s cancels the run', (name) => {
  const signal = abortedBySignal();
  process.emit(name as 'SIGINT');
  expect(isCancelled(signal)).toBe(true);
  expect(signal.reason).toMatchObject({ message: `the job was cancelled (${name})` });
});

test.each(NAMES)('%s does not end the post step', (name) => {
  ignoreSignals();
  expect(process.emit(name as 'SIGINT')).toBe(true);
});
