import { shiftTraffic } from './shift-traffic.ts';
import type { Strategy } from './strategy.ts';

/** All traffic at once, with the previous revision kept up beside it for as long as the new one is analyzed. */
export const blueGreen: Strategy = {
  name: 'blue-green',
  steps: { default: '100% for 1m', lowest: 100 },
  needs: ['split', 'preview'],
  plan: shiftTraffic,
};
