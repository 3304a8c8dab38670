// What a process does after the line with its verdict, in real time: how long it lives, how long of that it waits (what is left
// open keeps it waiting, a busy machine doesn't), and what is open half a second later.
import { writeFileSync } from 'node:fs';

// Taken before virtual time replaces them.
const { performance, setTimeout } = globalThis;
const now = performance.now.bind(performance);
const loadOf = performance.eventLoopUtilization.bind(performance);

const LOOK_AFTER_MS = 500;
/** What lives longer would keep a job for as long as a server likes. */
const END_AFTER_MS = 10_000;
/** The command, not a text that has it in the middle of a line, as hostile ones do. */
const VERDICT = /^::error[ :]/m;
/** Standard output and error. */
const OWN = new Set(['PipeWrap', 'TTYWrap']);

/** Writes it to `file` at the end, as JSON: `livedMs`, `waitedMs`, `handles`. `onVerdict` is called right before that line is printed. */
export function watchVerdict(file, onVerdict = () => {}) {
  const write = process.stdout.write.bind(process.stdout);
  let told = null;
  let handles = [];
  process.stdout.write = (text, ...rest) => {
    if (told === null && VERDICT.test(String(text))) {
      onVerdict();
      told = { at: now(), load: loadOf() };
      setTimeout(() => {
        handles = openHandles();
      }, LOOK_AFTER_MS).unref();
      setTimeout(() => process.exit(), END_AFTER_MS).unref();
    }
    return write(text, ...rest);
  };
  process.on('exit', () => {
    if (told === null) return;
    const noted = { livedMs: now() - told.at, waitedMs: loadOf(told.load).idle, handles };
    writeFileSync(file, JSON.stringify(noted));
  });
}

function openHandles() {
  return process.getActiveResourcesInfo().filter((name) => !OWN.has(name));
}
