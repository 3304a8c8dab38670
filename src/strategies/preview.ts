import type { Strategy } from './strategy.ts';

/** `traffic: 0`: up and smoke-tested, and there it stops. A later deploy of the same image continues from it. */
export const preview: Strategy = {
  name: 'traffic: 0',
  steps: null,
  needs: ['hold', 'preview'],
  plan: () => [
    { kind: 'deploy', takeTraffic: false, shifts: [] },
    { kind: 'smoke-test', against: 'preview' },
  ],
};
