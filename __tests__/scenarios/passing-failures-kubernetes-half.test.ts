import { afterEach, test } from '@jest/globals';
import { closeAgents } from './agent.ts';
import { LONGEST_MS, neverRollBackWhatPasses } from './passing-failures.ts';
import { onKubernetes } from './passing-failures-kubernetes.ts';

afterEach(closeAgents);

// With `npm run fuzz` only (jest.config.js), where the other file leaves every second example to this one.
test(
  'Kubernetes: so does the other half of the rollouts',
  () => neverRollBackWhatPasses(onKubernetes, { first: 1, every: 2 }),
  LONGEST_MS,
);
