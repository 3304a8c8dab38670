// Date, performance and hrtime show the number that the clock handed out last. It stands still while code runs.
import { performance } from 'node:perf_hooks';

const RealDate = globalThis.Date;

const realNow = performance.now.bind(performance);

let now = 0;
let startedAt = 0;
/** null: time is virtual. */
let realSince = null;

export function virtualNow() {
  return realSince === null ? now : now + Math.floor(realNow() - realSince);
}

/** From the virtual time that it is. */
export function passInRealTime() {
  realSince = realNow();
}

export function startTime(t) {
  now = t;
  startedAt = t;
}

export function setTime(t) {
  now = Math.max(now, t);
}

export function showVirtualTime() {
  globalThis.Date = new Proxy(RealDate, {
    // `class X extends Date` arrives with its own newTarget.
    construct: (target, args, newTarget) =>
      Reflect.construct(
        target,
        args.length > 0 ? args : [virtualNow()],
        newTarget === globalThis.Date ? target : newTarget,
      ),
    apply: () => new RealDate(virtualNow()).toString(),
    get: (target, key, receiver) => (key === 'now' ? virtualNow : Reflect.get(target, key, receiver)),
  });
  RealDate.prototype.constructor = globalThis.Date;
  performance.now = () => virtualNow() - startedAt;
  Object.defineProperty(performance, 'timeOrigin', { get: () => startedAt, configurable: true });
  process.hrtime = Object.assign(hrtime, { bigint: () => BigInt(virtualNow() - startedAt) * 1_000_000n });
  process.uptime = () => (virtualNow() - startedAt) / 1000;
}

function hrtime(since) {
  const elapsedMs = virtualNow() - startedAt;
  const seconds = Math.floor(elapsedMs / 1000);
  const nanoseconds = (elapsedMs % 1000) * 1e6;
  if (!since) return [seconds, nanoseconds];
  const borrow = nanoseconds < since[1] ? 1 : 0;
  return [seconds - since[0] - borrow, nanoseconds - since[1] + borrow * 1e9];
}
