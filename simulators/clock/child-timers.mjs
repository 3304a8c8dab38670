// Every timer of the child, on virtual time: the globals, node:timers, node:timers/promises and AbortSignal.timeout.
import { AsyncResource } from 'node:async_hooks';
import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers';
import timersPromises from 'node:timers/promises';
import { promisify } from 'node:util';

const { setImmediate, setTimeout: setRealTimeout, clearTimeout: clearRealTimeout } = globalThis;

/** As Node: anything else than 1 … 2^31-1 milliseconds is 1. */
const LONGEST_MS = 2 ** 31 - 1;

export class VirtualTimers {
  #now;
  #onChange;
  #pending = new Set();
  #byId = new Map();
  #lastId = 0;
  /** By timer, once time is real. */
  #real = null;

  /** `onChange` is called whenever a timer is added, taken away, or changes whether it holds the process open. */
  constructor(now, onChange) {
    this.#now = now;
    this.#onChange = onChange;
  }

  nextDue() {
    let due = Number.POSITIVE_INFINITY;
    for (const timer of this.#pending) due = Math.min(due, timer.due);
    return due;
  }

  someHoldProcessOpen() {
    for (const timer of this.#pending) if (timer.hasRef()) return true;
    return false;
  }

  /** By due time, then by age. One immediate each: a callback that throws takes no other down with it. */
  fireDue() {
    const due = [...this.#pending].filter((timer) => timer.due <= this.#now());
    due.sort((a, b) => a.due - b.due || a.id - b.id);
    for (const timer of due) setImmediate(() => this.#isDue(timer) && timer.fire());
  }

  /** An earlier callback of the same instant may have cleared it or put it off. */
  #isDue(timer) {
    return this.#pending.has(timer) && timer.due <= this.#now();
  }

  add(timer) {
    timer.due = this.#now() + timer.ms;
    timer.id = ++this.#lastId;
    this.#pending.add(timer);
    if (this.#real) this.#arm(timer);
    else this.#onChange();
  }

  remove(timer) {
    clearRealTimeout(this.#real?.get(timer));
    if (this.#pending.delete(timer)) this.#onChange();
    this.#byId.delete(timer.id);
  }

  changed(timer) {
    const real = this.#real?.get(timer);
    if (timer.hasRef()) real?.ref();
    else real?.unref();
    this.#onChange();
  }

  goOnInRealTime() {
    this.#real = new WeakMap();
    for (const timer of this.#pending) this.#arm(timer);
  }

  #arm(timer) {
    clearRealTimeout(this.#real.get(timer));
    const real = setRealTimeout(() => timer.fire(), timer.due - this.#now());
    if (!timer.hasRef()) real.unref();
    this.#real.set(timer, real);
  }

  /** As when the process ends: none of those that are pending fires. */
  forgetAll() {
    this.#pending.clear();
    this.#byId.clear();
  }

  /** For `clearTimeout(+timer)`. */
  nameById(timer) {
    this.#byId.set(timer.id, timer);
    return timer.id;
  }

  clear(timer) {
    if (timer === undefined || timer === null) return;
    if (timer instanceof VirtualTimer) this.remove(timer);
    else if (this.#byId.has(Number(timer))) this.remove(this.#byId.get(Number(timer)));
    else clearRealTimeout(timer); // set by Node itself before we came
  }

  replaceGlobals() {
    const setTimeout = (callback, ms, ...args) => new VirtualTimer(this, callback, { ms, args, repeats: false });
    const setInterval = (callback, ms, ...args) => new VirtualTimer(this, callback, { ms, args, repeats: true });
    const clearTimeout = (timer) => this.clear(timer);
    const sleep = (ms, value, options) => sleepOn(setTimeout, { ms, value, ...options });
    Object.defineProperty(setTimeout, promisify.custom, { value: sleep });
    const replaced = { setTimeout, setInterval, clearTimeout, clearInterval: clearTimeout };
    Object.assign(globalThis, replaced);
    Object.assign(timers, replaced);
    timersPromises.setTimeout = sleep;
    timersPromises.setInterval = (ms, value, options) => ticksOf(setInterval, { ms, value, ...options });
    timersPromises.scheduler.wait = (ms, options) => sleep(ms, undefined, options);
    AbortSignal.timeout = (ms) => abortAfter(setTimeout, ms);
    // `import { setTimeout } from 'node:timers/promises'` is a copy of the property until this is called.
    syncBuiltinESMExports();
  }
}

class VirtualTimer {
  #timers;
  #callback;
  #args;
  #repeats;
  #isRef = true;

  constructor(owner, callback, { ms, args, repeats }) {
    if (typeof callback !== 'function') throw new TypeError('The "callback" argument must be of type function');
    this.#timers = owner;
    this.#callback = AsyncResource.bind(callback);
    this.#args = args;
    this.#repeats = repeats;
    this.ms = ms >= 1 && ms <= LONGEST_MS ? Math.trunc(ms) : 1;
    owner.add(this);
  }

  fire() {
    if (this.#repeats) this.#timers.add(this);
    else this.#timers.remove(this);
    this.#callback.apply(this, this.#args);
  }

  ref() {
    this.#isRef = true;
    this.#timers.changed(this);
    return this;
  }

  unref() {
    this.#isRef = false;
    this.#timers.changed(this);
    return this;
  }

  hasRef() {
    return this.#isRef;
  }

  refresh() {
    this.#timers.add(this);
    return this;
  }

  close() {
    this.#timers.remove(this);
    return this;
  }

  [Symbol.dispose]() {
    this.#timers.remove(this);
  }

  [Symbol.toPrimitive]() {
    return this.#timers.nameById(this);
  }
}

function sleepOn(setTimeout, { ms, value, signal, ref }) {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(abortError(signal));
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', abort);
      resolve(value);
    }, ms);
    if (ref === false) timer.unref();
    signal?.addEventListener('abort', abort, { once: true });
    function abort() {
      timer.close();
      reject(abortError(signal));
    }
  });
}

async function* ticksOf(setInterval, { ms, value, signal, ref }) {
  let ticks = 0;
  let wake = () => {};
  const timer = setInterval(() => {
    ticks++;
    wake();
  }, ms);
  if (ref === false) timer.unref();
  const abort = () => wake();
  signal?.addEventListener('abort', abort, { once: true });
  try {
    for (;;) {
      if (signal?.aborted) throw abortError(signal);
      if (ticks === 0) {
        await new Promise((resolve) => {
          wake = resolve;
        });
        continue;
      }
      ticks--;
      yield value;
    }
  } finally {
    timer.close();
    signal?.removeEventListener('abort', abort);
  }
}

/** What Node's own promises reject with. */
function abortError(signal) {
  const error = new Error('The operation was aborted', { cause: signal.reason });
  return Object.assign(error, { name: 'AbortError', code: 'ABORT_ERR' });
}

/** Node's is an internal timer that virtual time could not see; like it, this one does not hold the process open. */
function abortAfter(setTimeout, ms) {
  const controller = new AbortController();
  const reason = new DOMException('The operation was aborted due to timeout', 'TimeoutError');
  setTimeout(() => controller.abort(reason), ms).unref();
  return controller.signal;
}
