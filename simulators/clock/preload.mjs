// Virtual time inside a child process of the simulator: NODE_OPTIONS=--import=<this file> and SIM_CLOCK_PORT.
// Plain JavaScript, so that a bundle runs under it on any Node 24 without a loader.
import { watchVerdict } from './after-verdict.mjs';
import { goOnInRealTime, joinClock } from './join-clock.mjs';

const port = takePort();
const verdictFile = takeVerdictFile();
if (port) await joinClock(port);
if (port && verdictFile) watchVerdict(verdictFile, goOnInRealTime);

/**
 * A process that this one starts must run on real time: it would be a second client that the clock does not wait for. So both
 * traces of the clock leave the environment before any other code can hand it on.
 */
function takePort() {
  const taken = process.env.SIM_CLOCK_PORT;
  delete process.env.SIM_CLOCK_PORT;
  const own = `--import=${import.meta.url}`;
  const others = (process.env.NODE_OPTIONS ?? '').split(' ').filter((option) => option !== '' && option !== own);
  if (others.length > 0) process.env.NODE_OPTIONS = others.join(' ');
  else delete process.env.NODE_OPTIONS;
  return taken === undefined ? 0 : Number(taken);
}

/** SIM_VERDICT_FILE: time is real from the verdict on, and what the process does then is written there. */
function takeVerdictFile() {
  const taken = process.env.SIM_VERDICT_FILE;
  delete process.env.SIM_VERDICT_FILE;
  return taken;
}
