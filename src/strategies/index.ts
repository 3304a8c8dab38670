import { blueGreen } from './blue-green.ts';
import { canary } from './canary.ts';
import { rolling } from './rolling.ts';
import type { Strategy } from './strategy.ts';

/** One line for each strategy that the input `strategy` can name. */
export const strategies: readonly [Strategy, ...Strategy[]] = [rolling, canary, blueGreen];
