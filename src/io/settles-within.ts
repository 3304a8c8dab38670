import type { Clock } from './clock.ts';

/** Whether it ends in that time, however it ends. It goes on if it doesn't. */
export async function settlesWithin(promise: Promise<unknown>, ms: number, clock: Clock): Promise<boolean> {
  const over = new AbortController();
  const isSettled = promise.then(yes, yes);
  const isTimeUp = clock.sleep(ms, over.signal).then(no, no);
  const answer = await Promise.race([isSettled, isTimeUp]);
  over.abort();
  return answer;
}

const yes = () => true;
const no = () => false;
