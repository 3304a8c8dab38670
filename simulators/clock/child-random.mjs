// SDKs spread their retries by Math.random: unseeded, time stamps after a retry would differ from run to run.
// Identifiers come from node:crypto, which stays random.

export function seedRandom(seed = 1) {
  let state = seed;
  // The generator mulberry32.
  Math.random = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
