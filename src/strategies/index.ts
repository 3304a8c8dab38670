import { rolling } from './rolling.ts';
import type { Strategy } from './strategy.ts';

/** One line for each strategy. */
export const strategies: readonly Strategy[] = [rolling];
