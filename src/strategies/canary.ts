import { shiftTraffic } from './shift-traffic.ts';
import type { Strategy } from './strategy.ts';

/** A small share of the users first, more of them while it is healthy. */
export const canary: Strategy = {
  name: 'canary',
  steps: { default: '5% for 5m, 25% for 10m', lowest: 1 },
  needs: ['split', 'preview'],
  plan: shiftTraffic,
};
