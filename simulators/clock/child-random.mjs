// SDKs spread their retries by Math.random: unseeded, time stamps after a retry would differ from run to run.
// Identifiers come from node:crypto, which stays random.

let state = 1;

/** From here on Math.random gives the same numbers as after every other call of this. */
export function seedRandom(seed = 1) {
  state = seed;
  Math.random = nextRandom;
}

// The generator mulberry32.
function nextRandom() {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
}
