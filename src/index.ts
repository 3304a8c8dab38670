import { checkState, claimState, wasReported } from './io/own-state.ts';
import { abortedBySignal, ignoreSignals } from './io/signals.ts';

/** The main step; dist/main.js calls it. The exit code is set here and nowhere else. */
export async function run(): Promise<void> {
  // Before the rest is loaded: a cancel that comes meanwhile is answered too.
  const signal = abortedBySignal();
  claimState(process.env);
  const { deployAction } = await import('./action.ts');
  process.exitCode = (await deployAction(signal)) ? 0 : 1;
}

/** The post step; dist/post.js calls it. Nearly always main has reported, and nothing more is loaded. */
export async function finish(): Promise<void> {
  const crashes = ignoreSignals();
  checkState(process.env);
  if (wasReported(process.env)) return;
  const { finishAction } = await import('./action.ts');
  process.exitCode = (await finishAction(crashes)) ? 0 : 1;
}
