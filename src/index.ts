import { deployAction, finishAction } from './action.ts';
import { openIo } from './io/io.ts';
import { cancelledBySignal, deafToSignals } from './io/signals.ts';

/** The main step; dist/main.js calls it. The exit code is set here and nowhere else. */
export async function run(): Promise<void> {
  process.exitCode = (await deployAction(openIo(cancelledBySignal()))) ? 0 : 1;
}

/** The post step; dist/post.js calls it. */
export async function finish(): Promise<void> {
  process.exitCode = (await finishAction(openIo(deafToSignals()))) ? 0 : 1;
}
