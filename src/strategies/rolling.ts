import type { Strategy } from './strategy.ts';

/** The platform replaces the previous revision at its own pace; the smoke tests run when it is done. */
export const rolling: Strategy = {
  name: 'rolling',
  steps: null,
  needs: [],
  plan: () => [
    { kind: 'deploy', takeTraffic: true, shifts: [] },
    { kind: 'smoke-test', against: 'live' },
    { kind: 'finish' },
    { kind: 'confirm' },
  ],
};
