/** Random numbers that are the same for the same seed. */
export interface Random {
  /** From 0 to below `end`. */
  below(end: number): number;
  /** True so often of a hundred times. */
  chance(percent: number): boolean;
  pick<T>(from: readonly T[]): T;
}

/** `name`: so that each row and each number has its own. */
export function openRandom(seed: number, name: string): Random {
  let state = [...name].reduce((sum, character) => Math.imul(sum ^ character.charCodeAt(0), 0x01000193), seed | 0);
  // The generator mulberry32.
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (end: number): number => Math.floor(next() * end);
  return { below, chance: (percent) => next() * 100 < percent, pick: (from) => from[below(from.length)]! };
}
