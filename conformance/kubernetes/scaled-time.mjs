// Time in the action's process that goes some times as fast as the real one: NODE_OPTIONS=--import=<this file> and
// SCALED_TIME=<since when, in ms since 1970>x<how many times as fast>. scaled-clock.ts is the same in the process of the test.
import { syncBuiltinESMExports } from 'node:module';
import { performance } from 'node:perf_hooks';
import timers from 'node:timers';
import timersPromises from 'node:timers/promises';
import { promisify } from 'node:util';

const [since, factor] = takeScale();
if (factor !== 1) scaleTime();

/** A process that this one starts, as a smoke test does, lives on real time. */
function takeScale() {
  const [origin = 0, times = 1] = (process.env.SCALED_TIME ?? '').split('x').map(Number);
  delete process.env.SCALED_TIME;
  delete process.env.NODE_OPTIONS;
  return [origin, times];
}

function scaleTime() {
  const RealDate = globalThis.Date;
  const realNow = RealDate.now;
  const { now: realElapsed } = performance;
  const now = () => Math.round(since + (realNow() - since) * factor);
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, args, newTarget) =>
      Reflect.construct(target, args.length > 0 ? args : [now()], newTarget === globalThis.Date ? target : newTarget),
    apply: () => new RealDate(now()).toString(),
    get: (target, key, receiver) => (key === 'now' ? now : Reflect.get(target, key, receiver)),
  });
  performance.now = () => realElapsed.call(performance) * factor;
  scaleTimers();
}

function scaleTimers() {
  const { setTimeout, setInterval } = timers;
  const { setTimeout: sleep, setInterval: tick } = timersPromises;
  const replaced = {
    setTimeout: (callback, ms, ...args) => setTimeout(callback, ms / factor, ...args),
    setInterval: (callback, ms, ...args) => setInterval(callback, ms / factor, ...args),
  };
  timersPromises.setTimeout = (ms, ...rest) => sleep(ms / factor, ...rest);
  timersPromises.setInterval = (ms, ...rest) => tick(ms / factor, ...rest);
  timersPromises.scheduler.wait = (ms, options) => sleep(ms / factor, undefined, options);
  Object.defineProperty(replaced.setTimeout, promisify.custom, { value: timersPromises.setTimeout });
  Object.assign(globalThis, replaced);
  Object.assign(timers, replaced);
  const { timeout } = AbortSignal;
  AbortSignal.timeout = (ms) => timeout.call(AbortSignal, Math.max(1, Math.round(ms / factor)));
  syncBuiltinESMExports();
}
