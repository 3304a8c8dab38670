import { shiftTraffic } from './shift-traffic.ts';
import type { Strategy } from './strategy.ts';

/** Everybody at once, with what ran before kept up beside it for as long as the new revision is watched. */
export const blueGreen: Strategy = {
  name: 'blue-green',
  steps: { default: '100% for 1m', lowest: 100 },
  needs: ['weights', 'preview'],
  plan: shiftTraffic,
};
