import { checkState, claimState, wasReported } from './io/own-state.ts';
import { abortedBySignal, ignoreSignals } from './io/signals.ts';

/** The main step; dist/main.js calls it. */
export async function run(): Promise<void> {
  // Before the rest is loaded: a cancel that comes meanwhile is answered too.
  const signal = abortedBySignal();
  claimState(process.env);
  const { deployAction } = await import('./action.ts');
  end(await deployAction(signal));
}

/** The post step; dist/post.js calls it. Nearly always main has reported, and nothing more is loaded. */
export async function finish(): Promise<void> {
  const crashes = ignoreSignals();
  checkState(process.env);
  if (wasReported(process.env)) return;
  const { finishAction } = await import('./action.ts');
  end(await finishAction(crashes));
}

const LONGEST_MS = 500;

/**
 * The exit code is set here and nowhere else. All is said and saved by now. What is still open, such as a timer that an SDK has for
 * itself or a login that no signal ends, must not keep the job; where nothing is, the process ends at once.
 */
function end(isGreen: boolean): void {
  process.exitCode = isGreen ? 0 : 1;
  setTimeout(() => process.exit(), LONGEST_MS).unref();
}
